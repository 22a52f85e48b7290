import { useLocalStorage } from '@mantine/hooks';
import { useMemo } from 'react';
import type { Column } from '@/ui/DataTable';
import { COLUMNS, SHOWN } from './columns';
import type { Customer } from './customer';
import type { CustomersSearch } from './search';

const [FIRST, ...OTHERS] = COLUMNS;

/** The columns of these names, in their order, after the first one, which always is there. Names that no column has are left out. */
export function columnsOf(names: readonly string[]): readonly Column<Customer>[] {
  const chosen = [...new Set(names)].flatMap((name) => OTHERS.find(({ id }) => id === name) ?? []);
  return FIRST ? [FIRST, ...chosen] : chosen;
}

/**
 * The columns that the table shows, in their order: those of the address, so that a link and a kept view show what its sender saw;
 * without, those that were chosen last in this browser.
 */
export function useColumns(search: CustomersSearch, change: (next: CustomersSearch) => void) {
  const [kept, keep] = useLocalStorage<string[]>({ key: 'sixty.customers.columns', defaultValue: SHOWN, getInitialValueInEffect: false });
  const own = Array.isArray(kept) ? kept : SHOWN;
  const names = search.columns ?? own.join(',');
  // The same ones for as long as they have the same names: rows are drawn anew for others.
  const columns = useMemo(() => columnsOf(names.split(',')), [names]);
  return {
    columns,
    /** What is chosen, in its order. */
    chosen: columns.filter((column) => column !== FIRST).map(({ id }) => id),
    choose: (next: string[]) => {
      keep(next);
      change({ columns: next.join(',') || undefined });
    },
    /** What can be chosen. */
    offered: OTHERS.map(({ id, header }) => ({ value: id, label: header })),
  };
}
