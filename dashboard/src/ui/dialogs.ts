import { type ReactNode, useSyncExternalStore } from 'react';
import { type Layer, lay } from './layers';

/** A dialog over the page. */
export type Dialog = {
  title: ReactNode;
  /** What stands in it; `close` ends it. */
  content: (close: () => void) => ReactNode;
  size?: string;
  /** Closes by its own buttons alone: for what is shown once. */
  stays?: boolean;
  /** Nothing is written in it: a click beside it closes it, too. */
  closesBeside?: boolean;
};

/** A dialog that was opened; one that isn't open any more is on its way out. */
export type OpenDialog = Dialog & { id: number; isOpen: boolean; layer: Layer };

let dialogs: readonly OpenDialog[] = [];
let next = 1;
const watchers = new Set<() => void>();

function become(after: readonly OpenDialog[]) {
  dialogs = after;
  for (const watcher of watchers) watcher();
}

/** Opens a dialog over the page. */
export function openDialog(dialog: Dialog) {
  become([...dialogs, { ...dialog, id: next++, isOpen: true, layer: lay() }]);
}

/** Closes a dialog. */
export function closeDialog(id: number) {
  become(dialogs.map((one) => (one.id === id ? { ...one, isOpen: false } : one)));
}

/** Forgets a dialog that nobody sees any more. */
export function forgetDialog(id: number) {
  become(dialogs.filter((one) => one.id !== id || one.isOpen));
}

/** Closes all at once: what they show is nobody's business any more. */
export function closeAllDialogs() {
  if (dialogs.length > 0) become([]);
}

/** The dialogs as they are now. */
export const dialogsNow = () => dialogs;

/** The dialogs, in the order in which they were opened. */
export function useDialogs(): readonly OpenDialog[] {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    dialogsNow,
  );
}
