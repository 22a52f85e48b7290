import { useSyncExternalStore } from 'react';

// The palette is loaded when it is wanted first; from then on it is there.
let asked = 0;
const watchers = new Set<() => void>();

/** Opens the palette; closes it when it is open. */
export function togglePalette() {
  asked += 1;
  for (const watcher of watchers) watcher();
}

/** How often the palette was asked for. */
export const usePaletteAsked = () =>
  useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => asked,
  );
