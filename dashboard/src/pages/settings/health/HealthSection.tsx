import { queries, type Schema } from '@/api/client';
import { type Column, DataTable } from '@/ui/DataTable';
import { milliseconds, NOTHING } from '@/ui/format';
import { keptFrom } from '@/ui/keptFrom';
import { Loaded } from '@/ui/Loaded';
import { Notice } from '@/ui/Notice';
import { Panel } from '@/ui/Panel';
import { partName, spoken } from '@/ui/parts';
import { Status } from '@/ui/Status';
import { When } from '@/ui/When';
import classes from '../Settings.module.css';

type Part = Schema<'PartView'>;

const STATES: Record<string, string> = { ok: 'As it should be', degraded: 'Somebody should look', down: 'Down', unknown: 'Nobody can say' };
const WHOLE: Record<string, ['ok' | 'warn' | 'bad' | 'quiet', string]> = {
  ok: ['ok', 'Everything is as it should be'],
  degraded: ['warn', 'Customers are served, but somebody should look'],
  down: ['bad', 'Something is down that the server can’t work without'],
  unknown: ['quiet', 'Not everything can be asked now'],
};
const UNANSWERED = ['quiet', 'How everything is can’t be asked now'] as const;
/** What was well says nothing of now, when it can't be asked. */
const columnsOf = (isKept: boolean): readonly Column<Part>[] => [
  { id: 'name', header: 'Part', cell: (row) => partName(row.name) },
  { id: 'status', header: 'State', cell: (row) => <Status value={row.status} tone={isKept && row.status === 'ok' ? 'quiet' : undefined} label={STATES[row.status]} /> },
  { id: 'detail', header: 'How it is', cell: (row) => <span className={classes.wrap}>{spoken(row.detail)}</span> },
  { id: 'latency', header: 'Answered in', align: 'end', cell: (row) => (row.latency_ms == null ? NOTHING : milliseconds(row.latency_ms)), wide: true },
  { id: 'checked', header: 'Asked', cell: (row) => <When at={row.checked_at} />, wide: true },
];
const [COLUMNS, KEPT] = [columnsOf(false), columnsOf(true)];

/** How every part fares, the worst first. */
export default function HealthSection() {
  const query = queries.useQuery('get', '/api/admin/health', {}, { refetchInterval: 10_000 });
  const isKept = keptFrom(query) !== null;
  const [tone, says] = isKept ? UNANSWERED : (WHOLE[query.data?.status ?? ''] ?? []);
  return (
    <>
      {says && <Notice tone={tone} title={says} />}
      <Panel title="Parts" note="Asked each ten seconds; a part that isn’t set up isn’t listed" flush>
        <Loaded query={query} lines={8}>
          {({ parts }) => <DataTable label="Parts and how they fare" columns={isKept ? KEPT : COLUMNS} rows={[...parts].sort((one, other) => RANK.indexOf(one.status) - RANK.indexOf(other.status))} rowKey={(row) => row.name} />}
        </Loaded>
      </Panel>
    </>
  );
}

const RANK = ['down', 'degraded', 'unknown', 'ok'];
