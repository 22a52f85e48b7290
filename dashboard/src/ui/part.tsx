import { type ComponentType, type ReactNode, useEffect, useReducer } from 'react';

/** A component of a part of the program; `load` fetches the part before it is shown. */
export type Part<Props> = ((props: Props) => ReactNode) & { load: () => Promise<void> };

/**
 * A part of the program that is fetched when it is first wanted; `meanwhile` stands in its place until then. It is asked for once: one
 * that can't be fetched is thrown to the `Guard` round it, ever after.
 *
 * Not `lazy` and `Suspense`: React shows nothing sooner than 300 ms after it has shown a fallback anywhere, so that each menu would open
 * that late, and the charts of a page one after the other.
 */
export function part<Props extends object>(
  fetch: () => Promise<{ default: ComponentType<Props> }>,
  meanwhile: () => ReactNode = () => null,
): Part<Props> {
  let state: { Loaded: ComponentType<Props> } | { error: unknown } | undefined;
  let asked: Promise<void> | undefined;
  const load = () =>
    (asked ??= fetch().then(
      (loaded) => void (state = { Loaded: loaded.default }),
      (error: unknown) => void (state = { error }),
    ));
  function Shown(props: Props) {
    const [, look] = useReducer((looks: number) => looks + 1, 0);
    const isWaiting = state === undefined;
    useEffect(() => {
      if (!isWaiting) return;
      let isHere = true;
      void load().then(() => isHere && look());
      return () => {
        isHere = false;
      };
    }, [isWaiting]);
    if (state === undefined) return meanwhile();
    if ('error' in state) throw state.error;
    return <state.Loaded {...props} />;
  }
  return Object.assign(Shown, { load });
}

/** What says that a part is under way. */
export const busy = () => <div aria-busy="true" />;
