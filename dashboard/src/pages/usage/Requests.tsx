import { Select } from '@mantine/core';
import { answerBefore } from '@/api/answerBefore';
import { queries } from '@/api/client';
import { useLastAnswer } from '@/api/lastAnswer';
import type { Column } from '@/ui/DataTable';
import { CustomerLink } from '@/ui/CustomerLink';
import { Empty } from '@/ui/Empty';
import { between, bytes, dayOf, exactTime, milliseconds, NOTHING, secondOf, words, zone } from '@/ui/format';
import { type Looked, noneSoFar } from '@/ui/found';
import { ListingTable } from '@/ui/ListingTable';
import { Panel } from '@/ui/Panel';
import type { Range } from '@/ui/range';
import { Status, type Tone } from '@/ui/Status';
import { usePages } from '@/ui/usePages';
import type { Schema } from '@/api/client';
import { lookedFor } from './looked';
import classes from './Usage.module.css';
import type { Usage } from './useUsage';

type Row = Schema<'RequestView'>;

const PAGE = 50;
const SLOWER = [100, 250, 500, 1000, 5000];

/** The single requests behind every point and every row above. */
export function Requests({ usage }: { usage: Usage }) {
  const { query, filter, search, range, change } = usage;
  const slower = search.slower;
  // Not by the moments of a span that ends now: those move on while somebody turns pages.
  const pages = usePages(JSON.stringify([filter, slower, range.name ?? [range.from, range.until]]));
  const asked = { ...query, min_response_time_ms: slower, limit: PAGE, cursor: pages.cursor };
  // The page before stands there until the next one comes.
  const requests = useLastAnswer(
    asked,
    queries.useQuery('get', '/api/admin/usage/requests', { params: { query: asked } }, { placeholderData: answerBefore(asked, ['cursor']) }),
  );
  const looked = requests.data && lookedFor(requests.data, PAGE);
  const keptSince = requests.data?.kept_since ?? null;
  return (
    <div id="requests" className={classes.requests}>
      <Panel
        flush
        title="Single requests"
        note={`${between(range.from, range.until)}, the newest first${isGoneBefore(range.from, keptSince) ? `; those before ${dayOf(keptSince)} are gone` : ''}`}
        actions={
          <Select
            size="xs"
            w={150}
            aria-label="Response time of at least"
            placeholder="Any response time"
            clearable
            clearButtonProps={{ 'aria-label': 'Any response time' }}
            data={SLOWER.map((ms) => ({ value: String(ms), label: `${milliseconds(ms)} and more` }))}
            value={slower === undefined ? null : String(slower)}
            onChange={(value) => change({ slower: value === null ? undefined : Number(value) })}
          />
        }
      >
        <ListingTable
          label="List of single requests"
          noun="request"
          columns={COLUMNS}
          query={requests}
          pages={pages}
          looked={looked}
          rowKey={(row) => row.id}
          empty={looked ? <NoneSoFar looked={looked} page={pages.page} /> : pages.page === 1 ? <None range={range} keptSince={keptSince} /> : <NoneFurther />}
        />
      </Panel>
    </div>
  );
}

/** Whether retention has removed requests of this moment. */
const isGoneBefore = (moment: string, keptSince: string | null): keptSince is string => keptSince !== null && Date.parse(moment) < Date.parse(keptSince);

/** Where such requests are rare, finding one takes longer than an answer may. */
function NoneSoFar({ looked, page }: { looked: Looked; page: number | undefined }) {
  return <Empty title={noneSoFar(looked, page)}>To look through all of this span takes longer than one answer may. “Look further” goes on from there.</Empty>;
}

/** Of a later page. */
const NoneFurther = () => <Empty title="No further requests in this span">All of it was looked through: what there is stands on the pages before this one.</Empty>;

/** Why there is no request: it is too old to be there, or nobody asked. */
function None({ range, keptSince }: { range: Pick<Range, 'from' | 'until'>; keptSince: string | null }) {
  if (keptSince !== null && Date.parse(range.until) <= Date.parse(keptSince)) {
    return <Empty title="The single requests of this time are gone">They are kept for some months: those before {exactTime(keptSince)} were removed. The sums above have them still, and stay.</Empty>;
  }
  if (isGoneBefore(range.from, keptSince)) {
    return <Empty title={`No requests since ${dayOf(keptSince)} in this span`}>Single requests before {exactTime(keptSince)} were removed; the sums above have them still. Take a filter away to see others.</Empty>;
  }
  return <Empty title="No requests in this span">Choose a longer time range or take a filter away. Requests are handed over within some seconds after they were answered.</Empty>;
}

const toneOf = (status: number): Tone => (status >= 500 ? 'bad' : status >= 400 ? 'warn' : 'ok');

const COLUMNS: Column<Row>[] = [
  {
    id: 'at',
    header: `Answered at (${zone})`,
    cell: (row) => (
      <time dateTime={row.created_at} className={classes.time}>
        {secondOf(row.created_at)}
      </time>
    ),
  },
  { id: 'status', header: 'Status', cell: (row) => <Status value={String(row.status_code)} tone={toneOf(row.status_code)} label={String(row.status_code)} /> },
  {
    id: 'request',
    header: 'Request',
    cell: (row) => (
      <code>
        {row.method} {row.endpoint}
      </code>
    ),
  },
  { id: 'customer', header: 'Customer', cell: (row) => <CustomerLink customer={row.customer.customer_id ?? row.customer.id} name={row.customer.company_name ?? undefined} />, wide: true },
  { id: 'key', header: 'Key', cell: (row) => (row.api_key_prefix ? <code>{row.api_key_prefix}…</code> : NOTHING), wide: true },
  { id: 'outcome', header: 'Outcome', cell: (row) => (row.outcome === 'ok' ? 'OK' : row.outcome ? words(row.outcome) : NOTHING), wide: true },
  { id: 'time', header: 'Took', align: 'end', cell: (row) => milliseconds(row.response_time_ms) },
  { id: 'in', header: 'Received', align: 'end', cell: (row) => bytes(row.request_size_bytes), wide: true },
  { id: 'out', header: 'Sent', align: 'end', cell: (row) => bytes(row.response_size_bytes), wide: true },
];
