import { Button } from '@mantine/core';
import { queries } from '@/api/client';
import { useMay } from '@/session/session';
import { useAddress } from '@/ui/address';
import { type Column, DataTable } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { count, many } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { When } from '@/ui/When';
import classes from '../Settings.module.css';
import { NewStream } from './NewStream';
import { StreamActs } from './StreamActs';
import { type Stream, STREAMS } from './stream';

/** To whom the audit log is told, and how far behind each is. */
export default function StreamsSection() {
  const [{ new: isNew }, change] = useAddress('new');
  const mayWrite = useMay()('audit-streams:write');
  // Nobody tells the page how far a stream has come: while one has something to tell, it asks more often.
  const query = queries.useQuery('get', STREAMS, {}, { refetchInterval: ({ state }) => (state.data?.data.some(isTelling) ? 2000 : 10_000) });
  const columns: Column<Stream>[] = [
    {
      id: 'name',
      header: 'Stream',
      cell: (row) => (
        <>
          {row.name}
          <span className={classes.sub}>{row.endpoint}</span>
        </>
      ),
    },
    { id: 'state', header: 'State', cell: (row) => <State stream={row} /> },
    { id: 'lag', header: 'Behind', cell: (row) => <Lag stream={row} /> },
    { id: 'told', header: 'Told', align: 'end', cell: (row) => many(row.delivered_rows, 'row'), wide: true },
    { id: 'last', header: 'Last told', cell: (row) => <When at={row.last_delivered_at} empty="Never" />, wide: true },
    {
      id: 'error',
      header: 'Why it failed last',
      cell: (row) =>
        row.last_error && (
          <span className={`${classes.wrap} ${classes.bad}`}>
            {row.last_error} ({count(row.failed_attempts)} times in a row; again <When at={row.next_attempt_at} />)
          </span>
        ),
      wide: true,
    },
    ...(mayWrite ? [{ id: 'act', header: 'Act', align: 'end' as const, cell: (row: Stream) => <StreamActs stream={row} /> }] : []),
  ];
  return (
    <Panel
      title="Streams"
      note="Rows are told within about a second; tell them apart by their id"
      flush
      actions={mayWrite && <Button onClick={() => change({ new: 'stream' })}>New stream</Button>}
    >
      <Loaded query={query}>
        {({ data }) => (
          <DataTable
            label="List of streams"
            columns={columns}
            rows={data}
            rowKey={(row) => row.id}
            empty={<Empty title="The audit log is told to nobody">A stream sends every row to a SIEM, a bucket or a syslog server, so that there is a copy that nobody here can change.</Empty>}
          />
        )}
      </Loaded>
      {mayWrite && <NewStream opened={isNew === 'stream'} close={() => change({ new: null }, true)} />}
    </Panel>
  );
}

const isTelling = ({ is_active, lag_rows }: Stream) => is_active && lag_rows > 0;

function State({ stream }: { stream: Stream }) {
  if (!stream.is_active) return <Status value="disabled" label="Paused" />;
  return stream.last_error ? <Status value="failed" label="Fails" /> : <Status value="active" />;
}

function Lag({ stream }: { stream: Stream }) {
  if (stream.lag_rows === 0) return <span>Nothing</span>;
  return (
    <span>
      {many(stream.lag_rows, 'row')}, since <When at={stream.oldest_undelivered_at} />
    </span>
  );
}
