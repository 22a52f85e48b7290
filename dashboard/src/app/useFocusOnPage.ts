import { useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';

/**
 * Gives the keyboard to a page that was gone to, when what had it went with the page before: whoever hears pages is told its title, and
 * Tab goes on from its beginning. What remains and has the keyboard keeps it: a link of the navigation, a field, a dialog.
 */
export function useFocusOnPage() {
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname });
  const before = useRef(path);
  useEffect(() => {
    const isFirst = before.current === undefined;
    const isSame = before.current === path;
    before.current = path;
    if (isFirst || isSame || focusIfLost()) return;
    // The palette led here, and closes a moment later.
    if (!document.activeElement?.closest('[role="dialog"]')) return;
    const watch = new MutationObserver(() => {
      if (focusIfLost()) watch.disconnect();
    });
    watch.observe(document.body, { childList: true, subtree: true });
    return () => watch.disconnect();
  }, [path]);
}

/** Gives the keyboard to the page if nothing in it has it. */
function focusIfLost(): boolean {
  const page = document.getElementById('page');
  const { activeElement } = document;
  if (activeElement !== null && activeElement !== document.body && activeElement !== page) return false;
  // The page before had it: it is called otherwise now, which is only said of what comes to have the keyboard.
  page?.blur();
  page?.focus({ preventScroll: true });
  return true;
}
