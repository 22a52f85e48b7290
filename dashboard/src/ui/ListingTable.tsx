import { type ReactNode, useRef } from 'react';
import { problemOf } from '@/api/problem';
import { AsOf } from './AsOf';
import { DataTable, type DataTableProps } from './DataTable';
import { Failure } from './Failure';
import { foundText, type Looked } from './found';
import { FoundStatus } from './FoundStatus';
import { Pages } from './Pages';
import classes from './ListingTable.module.css';
import { shownPage } from './shownPage';
import type { PagesState } from './usePages';
import { useRowKeys } from './useRowKeys';

type Listing<Row> = { data: readonly Row[]; next_cursor?: string | null; total?: number };
type Query<Data> = { data: Data | undefined; error: unknown; dataUpdatedAt: number; isPlaceholderData?: boolean; refetch: () => unknown };

type ListingTableProps<Row> = Omit<DataTableProps<Row>, 'rows' | 'stale'> & {
  /** The question for the present page of the listing. */
  query: Query<Listing<Row>>;
  pages: PagesState;
  /** What one row is, to whoever hears how many were found: customer. */
  noun: string;
  /** How far the present page has looked, where it may end before it is full. */
  looked?: Looked;
  /** What stands in the place of rows when the server refused the filter, and its fields say why. */
  refused?: ReactNode;
};

/** A listing of the API's as a table, a page at a time. Rows that were there before an error go on being shown, with their age. */
export function ListingTable<Row>({ query, pages, noun, looked, refused, ...table }: ListingTableProps<Row>) {
  const rows = useRef<HTMLDivElement>(null);
  useRowKeys(rows);
  return (
    <div ref={rows} data-rows className={classes.rows}>
      <ListingStatus query={query} pages={pages} noun={noun} looked={looked} isRefused={Boolean(refused)} />
      <AsOf query={query} />
      {query.error && !query.data ? (
        refused || <Failure problem={problemOf(query.error)} retry={() => void query.refetch()} />
      ) : (
        <DataTable {...table} rows={shownPage(query).data?.data} stale={query.isPlaceholderData} />
      )}
      <ListingPages query={query} pages={pages} looked={looked} />
    </div>
  );
}

type ListingStatusProps = { query: Pick<Query<Listing<unknown>>, 'data' | 'isPlaceholderData'>; pages: PagesState; noun: string; looked?: Looked; isRefused?: boolean };

/** Says how many rows a filter or another page has. A failure says so itself. */
export function ListingStatus({ query: { data, isPlaceholderData }, pages, noun, looked, isRefused = false }: ListingStatusProps) {
  const found =
    data && !isPlaceholderData ? foundText({ shown: data.data.length, total: data.total, hasAfter: data.next_cursor != null, page: pages.page, noun, looked }) : undefined;
  const text = isRefused ? 'The filter names what isn’t there' : found;
  return <FoundStatus question={pages.question} text={text} />;
}

/** Turns the pages of a listing; nothing where all of it is seen. */
export function ListingPages({ query: { data, isPlaceholderData }, pages, looked }: { query: Pick<Query<Listing<unknown>>, 'data' | 'isPlaceholderData'>; pages: PagesState; looked?: Looked }) {
  if (!data) return null;
  const next = data.next_cursor;
  if (next == null && !pages.hasBefore && (data.total === undefined || data.data.length === 0)) return null;
  return (
    <Pages
      shown={data.data.length}
      total={data.total}
      looked={looked}
      hasBefore={pages.hasBefore}
      hasAfter={next != null}
      waits={isPlaceholderData}
      onBefore={pages.before}
      onAfter={() => next != null && pages.after(next)}
    />
  );
}
