import { type RefObject, useEffect } from 'react';
import { singleKeys } from './singleKeys';

/**
 * Moves through the rows of a table by keyboard: j and k or the arrows go from one row's link to the next, x ticks the row.
 * Enter opens it, since the focus is on its link. The arrows also lead from the field that filters into the rows.
 */
export function useRowKeys(table: RefObject<HTMLElement | null>) {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      // A list that is open has taken the arrows for itself.
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !table.current) return;
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (!isMeant(table.current)) return;
      const arrow = event.key === 'ArrowDown' || event.key === 'ArrowUp';
      if (!arrow && !singleKeys.now()) return;
      if (isBusy(target, table.current, arrow)) return;
      const rows = [...table.current.querySelectorAll('tbody tr')];
      const at = rows.findIndex((row) => row.contains(document.activeElement));
      if (event.key === 'j' || event.key === 'ArrowDown') focus(rows[Math.min(at + 1, rows.length - 1)]);
      else if (event.key === 'k' || event.key === 'ArrowUp') focus(rows[Math.max(at - 1, 0)]);
      else if (event.key === 'x' && at >= 0) rows[at]?.querySelector<HTMLInputElement>('input[type="checkbox"]')?.click();
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [table]);
}

/** Of several listings on a page, the one with the keyboard is meant; the first one when none has it. */
function isMeant(table: HTMLElement): boolean {
  const listings = [...document.querySelectorAll('main [data-rows]')];
  return (listings.find((listing) => listing.contains(document.activeElement)) ?? listings[0]) === table;
}

/** Whether the key is meant for something else: a field, a dialog, or the page, which the arrows scroll. */
function isBusy(target: HTMLElement | null, table: HTMLElement, arrow: boolean): boolean {
  if (target?.closest('[role="dialog"], [role="menu"], [role="listbox"], textarea, select, [contenteditable]')) return true;
  if (target?.matches('input[data-filter]')) return !arrow;
  if (target?.matches('input:not([type="checkbox"])')) return true;
  return arrow && !table.contains(target);
}

function focus(row: Element | undefined) {
  const link = row?.querySelector<HTMLElement>('a, button');
  link?.focus();
  row?.scrollIntoView({ block: 'nearest' });
}
