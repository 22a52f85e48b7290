import { Checkbox, Skeleton, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { memo, type ReactNode, useCallback, useEffect, useRef } from 'react';
import classes from './DataTable.module.css';

/** A column: what stands in its cells, and how it sorts. */
export type Column<Row> = {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand at the end, so that they align. */
  align?: 'end';
  /** The order that is chosen first, as the server names it: `company_name`, or `-created_at` from the other end; a column without one
      doesn't sort. */
  sort?: string;
  width?: string;
  /** Left out on narrow screens. */
  wide?: boolean;
};

export type Selection<Row> = {
  /** What the row is called: its box is “Select” and that. */
  nameOf: (row: Row) => string;
  selected: ReadonlySet<string>;
  change: (selected: Set<string>) => void;
};

export type DataTableProps<Row> = {
  /** Says what the table shows, to whoever doesn't see it. */
  label: string;
  columns: readonly Column<Row>[];
  /** Not there yet when undefined. */
  rows: readonly Row[] | undefined;
  rowKey: (row: Row) => string;
  /** How the server sorted: `-created_at`. */
  sort?: string;
  onSort?: (sort: string) => void;
  selection?: Selection<Row>;
  /** Opens a row that was chosen. The first cell should have a link of its own, for keyboards. */
  onOpen?: (row: Row) => void;
  empty?: ReactNode;
  /** Newer rows are under way; the old ones are shown. */
  stale?: boolean;
};

/** Rows as the server sorted and filtered them. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rows, rowKey, selection, onOpen, empty, stale } = props;
  const toggle = useToggle(selection);
  const edge = edgeOf(columns);
  if (rows?.length === 0 && empty) return empty;
  return (
    <div className={classes.scroller} tabIndex={0} role="region" aria-label={label}>
      <table className={classes.table} aria-busy={stale || rows === undefined} data-stale={stale || undefined}>
        <thead>
          <tr>
            {selection && (
              <th className={classes.check}>
                <SelectAll keys={rows?.map(rowKey) ?? []} selection={selection} />
              </th>
            )}
            {columns.map((column) => (
              <Header key={column.id} column={column} isEdge={column.id === edge} sort={props.sort} onSort={props.onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows === undefined
            ? Array.from({ length: 8 }, (_, index) => <Waiting key={index} cells={columns.length + (selection ? 1 : 0)} />)
            : rows.map((row) => (
                <tr key={rowKey(row)} data-opens={onOpen !== undefined || undefined} onClick={(event) => onOpen && opens(event) && onOpen(row)}>
                  {selection && (
                    <td className={classes.check}>
                      <Select id={rowKey(row)} name={selection.nameOf(row)} isSelected={selection.selected.has(rowKey(row))} toggle={toggle} />
                    </td>
                  )}
                  <Cells columns={columns} row={row} />
                </tr>
              ))}
        </tbody>
      </table>
    </div>
  );
}

/** Whether a click was meant for the row: not for something in it, and not the end of selecting text. */
function opens(event: React.MouseEvent): boolean {
  const inner = (event.target as HTMLElement).closest('a, button, input, label, [role="menuitem"]');
  return inner === null && !window.getSelection()?.toString();
}

/** The last column where there is no room for all of them. */
const edgeOf = <Row,>(columns: readonly Column<Row>[]) => columns.findLast(({ wide }) => !wide)?.id;

function Header<Row>({ column, isEdge, sort, onSort }: { column: Column<Row>; isEdge: boolean; sort?: string; onSort?: (sort: string) => void }) {
  const name = column.sort?.replace(/^-/, '');
  const ascending = name !== undefined && sort === name;
  const descending = name !== undefined && sort === `-${name}`;
  const next = ascending ? `-${name}` : descending ? name : column.sort;
  const direction = descending ? 'descending' : ascending ? 'ascending' : undefined;
  return (
    <th scope="col" data-align={column.align} data-wide={column.wide || undefined} data-edge={isEdge || undefined} aria-sort={direction} style={{ width: column.width }}>
      {next && onSort ? (
        <UnstyledButton className={classes.sort} onClick={() => onSort(next)}>
          {column.header}
          {descending && <IconArrowDown size={12} aria-hidden />}
          {ascending && <IconArrowUp size={12} aria-hidden />}
        </UnstyledButton>
      ) : (
        column.header
      )}
    </th>
  );
}

type Selected = Pick<Selection<never>, 'selected' | 'change'>;

function SelectAll({ keys, selection }: { keys: string[]; selection: Selected }) {
  const chosen = keys.filter((key) => selection.selected.has(key)).length;
  const toggle = () => {
    const next = new Set(selection.selected);
    for (const key of keys) chosen === keys.length ? next.delete(key) : next.add(key);
    selection.change(next);
  };
  return (
    <Checkbox size="xs" aria-label="Select all rows of this page" checked={chosen > 0 && chosen === keys.length} indeterminate={chosen > 0 && chosen < keys.length} onChange={toggle} />
  );
}

/** Selects a row, or doesn't any more: always the same function, so that the boxes of other rows are left as they are. */
function useToggle<Row>(selection: Selection<Row> | undefined): (id: string) => void {
  const latest = useRef(selection);
  useEffect(() => {
    latest.current = selection;
  });
  return useCallback((id) => {
    if (!latest.current) return;
    const next = new Set(latest.current.selected);
    if (!next.delete(id)) next.add(id);
    latest.current.change(next);
  }, []);
}

const Select = memo(function Select({ id, name, isSelected, toggle }: { id: string; name: string; isSelected: boolean; toggle: (id: string) => void }) {
  return <Checkbox size="xs" aria-label={`Select ${name}`} checked={isSelected} onChange={() => toggle(id)} />;
});

function CellsOf<Row>({ columns, row }: { columns: readonly Column<Row>[]; row: Row }): ReactNode {
  const edge = edgeOf(columns);
  return columns.map((column) => (
    <td key={column.id} data-align={column.align} data-wide={column.wide || undefined} data-edge={column.id === edge || undefined}>
      {column.cell(row)}
    </td>
  ));
}

/** A row's cells, drawn once for as long as it and the columns are the same: most of what a table costs is theirs. */
const Cells = memo(CellsOf) as typeof CellsOf;

function Waiting({ cells }: { cells: number }) {
  return (
    <tr>
      {Array.from({ length: cells }, (_, cell) => (
        <td key={cell}>
          <Skeleton height={10} width={cell === 0 ? '70%' : '50%'} />
        </td>
      ))}
    </tr>
  );
}
