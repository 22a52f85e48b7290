import { useLocalStorage } from '@mantine/hooks';
import { COLUMNS, SHOWN } from './columns';

const [FIRST] = COLUMNS;

/** The columns that this browser's operator chose. */
export function useColumns() {
  const [chosen, choose] = useLocalStorage<string[]>({ key: 'sixty.customers.columns', defaultValue: SHOWN, getInitialValueInEffect: false });
  const known = Array.isArray(chosen) ? chosen : SHOWN;
  return {
    columns: COLUMNS.filter((column) => column === FIRST || known.includes(column.id)),
    chosen: known,
    choose,
    /** What can be chosen. */
    offered: COLUMNS.filter((column) => column !== FIRST).map(({ id, header }) => ({ value: id, label: header })),
  };
}
