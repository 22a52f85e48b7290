import { useSyncExternalStore } from 'react';

/**
 * A choice between yes and no that this browser keeps, for all its windows. Hundreds of parts of a page may follow one: they share
 * a single watch.
 */
export function kept(name: string, preset: boolean) {
  const key = `sixty.${name}`;
  const watchers = new Set<() => void>();
  let value = read(key) ?? preset;
  const become = (next: boolean) => {
    value = next;
    for (const watcher of watchers) watcher();
  };
  // Another window has chosen.
  globalThis.addEventListener?.('storage', (event) => {
    if (event.key === key || event.key === null) become(read(key) ?? preset);
  });
  const now = () => value;
  return {
    now,
    choose: (next: boolean) => {
      localStorage.setItem(key, String(next));
      become(next);
    },
    use: () =>
      useSyncExternalStore((watcher) => {
        watchers.add(watcher);
        return () => watchers.delete(watcher);
      }, now),
  };
}

function read(key: string): boolean | undefined {
  const text = globalThis.localStorage?.getItem(key);
  return text === 'true' ? true : text === 'false' ? false : undefined;
}
