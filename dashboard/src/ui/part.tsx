import { type ComponentType, type ReactNode, useEffect, useReducer, useState } from 'react';

/** A component of a part of the program; `load` fetches the part before it is shown, if it can be had. */
export type Part<Props> = ((props: Props) => ReactNode) & { load: () => Promise<void> };

/**
 * A part of the program that is fetched when it is first wanted; `meanwhile` stands in its place until then. When it can't be fetched,
 * that is thrown to the `Guard` round it; the next one who wants it asks again.
 *
 * Not `lazy` and `Suspense`: React shows nothing sooner than 300 ms after it has shown a fallback anywhere, so that each menu would open
 * that late, and the charts of a page one after the other.
 */
export function part<Props extends object>(
  fetch: () => Promise<{ default: ComponentType<Props> }>,
  meanwhile: () => ReactNode = () => null,
): Part<Props> {
  let Loaded: ComponentType<Props> | undefined;
  let asked: Promise<void> | undefined;
  const fetched = () =>
    (asked ??= fetch().then(
      (loaded) => {
        Loaded = loaded.default;
      },
      (error: unknown) => {
        asked = undefined;
        throw error;
      },
    ));
  function Shown(props: Props) {
    const [, look] = useReducer((looks: number) => looks + 1, 0);
    const [failed, setFailed] = useState<{ error: unknown }>();
    const isWaiting = Loaded === undefined;
    useEffect(() => {
      if (!isWaiting) return;
      let isHere = true;
      fetched().then(
        () => isHere && look(),
        (error: unknown) => isHere && setFailed({ error }),
      );
      return () => {
        isHere = false;
      };
    }, [isWaiting]);
    if (failed) throw failed.error;
    return Loaded ? <Loaded {...props} /> : meanwhile();
  }
  return Object.assign(Shown, { load: () => fetched().catch(() => {}) });
}

/** What says that a part is under way. */
export const busy = () => <div aria-busy="true" />;
