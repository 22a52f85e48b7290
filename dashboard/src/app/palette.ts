import { useSyncExternalStore } from 'react';

// The palette is loaded when it is wanted first; from then on it is there.
let asked = 0;
const watchers = new Set<() => void>();

function become(next: number) {
  asked = next;
  for (const watcher of watchers) watcher();
}

/** Opens the palette; closes it when it is open. */
export const togglePalette = () => become(asked + 1);

/** As if it had never been asked for. */
export const forgetPalette = () => become(0);

/** How often the palette was asked for. */
export const usePaletteAsked = () =>
  useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => asked,
  );
