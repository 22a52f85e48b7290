import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { listed } from '@/navigation';
import { useMay } from '@/session/session';
import { openDialog } from '@/ui/dialogs';
import { singleKeys } from '@/ui/singleKeys';
import { togglePalette } from './palette';
import { ShortcutSheet } from './parts';

/** How long the second key of a pair may take, in milliseconds. */
const PAUSE = 1200;

/** The keys that work on every page: Ctrl K; and unless they are turned off, `g` and a page's letter, `/`, `c` and `?`. */
export function useShortcuts() {
  const navigate = useNavigate();
  const may = useMay();
  // When `g` was pressed. Kept when the frame is drawn anew between it and the letter.
  const goes = useRef(-PAUSE);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      // From everywhere, a field as well: it is the way out of it.
      if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        togglePalette();
        return;
      }
      if (!singleKeys.now() || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      // When the keys were pressed, not when a busy page came to hear of them.
      const going = event.timeStamp - goes.current < PAUSE;
      goes.current = -PAUSE;
      const page = going ? listed.find(({ entry }) => entry.letter === event.key) : undefined;
      if (page) {
        if (page.right === undefined || may(page.right)) void navigate({ to: page.entry.to });
      } else if (event.key === 'g') {
        goes.current = event.timeStamp;
        return;
      } else if (event.key === '?') showShortcuts();
      else if (event.key === '/') focusFilter();
      else if (event.key === 'c' && may('customers:write')) void navigate({ to: '/customers/new' });
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  });
}

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return element?.closest('input, textarea, select, [contenteditable], [role="dialog"], [role="menu"], [role="listbox"]') != null;
}

/** A page marks the field that filters it with `data-filter`. */
function focusFilter() {
  document.querySelector<HTMLInputElement>('main input[data-filter]')?.focus();
}

/** The sheet of all shortcuts. */
export function showShortcuts() {
  openDialog({ title: 'Keyboard shortcuts', closesBeside: true, content: () => <ShortcutSheet /> });
}
