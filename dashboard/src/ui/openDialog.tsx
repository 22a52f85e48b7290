import { modals } from '@mantine/modals';
import type { ReactNode } from 'react';

type Dialog = {
  title: string;
  /** What stands in it; `close` ends it. */
  content: (close: () => void) => ReactNode;
  size?: string;
  /** Closes by its own buttons alone: for what is shown once. */
  stays?: boolean;
};

/** Opens a dialog over the page. */
export function openDialog({ title, content, size, stays = false }: Dialog) {
  const id: string = modals.open({
    title,
    size,
    closeOnClickOutside: !stays,
    closeOnEscape: !stays,
    withCloseButton: !stays,
    children: content(() => modals.close(id)),
  });
}
