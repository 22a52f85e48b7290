import { useRef } from 'react';
import { problemOf } from '@/api/problem';
import { DataTable, type DataTableProps } from './DataTable';
import { Failure } from './Failure';
import { Pages } from './Pages';
import classes from './ListingTable.module.css';
import type { PagesState } from './usePages';
import { useRowKeys } from './useRowKeys';

type Listing<Row> = { data: readonly Row[]; next_cursor?: string | null; total?: number };
type Query<Data> = { data: Data | undefined; error: unknown; isPlaceholderData?: boolean; refetch: () => unknown };

type ListingTableProps<Row> = Omit<DataTableProps<Row>, 'rows' | 'stale'> & {
  /** The question for the present page of the listing. */
  query: Query<Listing<Row>>;
  pages: PagesState;
};

/** A listing of the API's as a table, a page at a time. Rows that were there before an error go on being shown. */
export function ListingTable<Row>({ query, pages, ...table }: ListingTableProps<Row>) {
  const rows = useRef<HTMLDivElement>(null);
  useRowKeys(rows);
  if (query.error && !query.data) return <Failure problem={problemOf(query.error)} retry={() => void query.refetch()} />;
  return (
    <div ref={rows} data-rows className={classes.rows}>
      <DataTable {...table} rows={query.data?.data} stale={query.isPlaceholderData} />
      <ListingPages query={query} pages={pages} />
    </div>
  );
}

/** Turns the pages of a listing; nothing where all of it is seen. */
export function ListingPages({ query: { data }, pages }: { query: Pick<Query<Listing<unknown>>, 'data'>; pages: PagesState }) {
  if (!data) return null;
  const next = data.next_cursor;
  if (next == null && !pages.hasBefore && (data.total === undefined || data.data.length === 0)) return null;
  return (
    <Pages
      shown={data.data.length}
      total={data.total}
      hasBefore={pages.hasBefore}
      hasAfter={next != null}
      onBefore={pages.before}
      onAfter={() => next != null && pages.after(next)}
    />
  );
}
