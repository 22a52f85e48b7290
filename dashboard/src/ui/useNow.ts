import { useSyncExternalStore } from 'react';

// One clock for the page, so that all ages on it are of the same moment.
const TICK = 15_000;
let now = Date.now();
const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(watcher: () => void) {
  // Nobody moved it on while nobody looked.
  if (watchers.size === 0) now = Date.now();
  watchers.add(watcher);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of watchers) each();
  }, TICK);
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The time, which moves on every quarter of a minute. */
export const useNow = () => useSyncExternalStore(subscribe, () => now);
