import { Anchor, Button } from '@mantine/core';
import { useMay } from '@/session/session';
import { queries, type Schema } from '@/api/client';
import { useAddress } from '@/ui/address';
import type { Column } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { FilterMenu } from '@/ui/FilterMenu';
import { Filters } from '@/ui/Filters';
import { FilterText } from '@/ui/FilterText';
import { words } from '@/ui/format';
import { ListingTable } from '@/ui/ListingTable';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { runsAt, workTook } from '@/ui/took';
import { usePages } from '@/ui/usePages';
import { useNow } from '@/ui/useNow';
import { When } from '@/ui/When';
import { JobDrawer } from './JobDrawer';
import { JOB_STATUSES } from './statuses';
import classes from './Operations.module.css';
import { RetryJob } from './RetryJob';

/** The workers' jobs, the newest first. */
export function JobsTable() {
  const [{ status, kind, job }, change] = useAddress('status', 'kind', 'job');
  const mayRetry = useMay()('jobs:write');
  const now = useNow();
  const pages = usePages(`${status}/${kind}`);
  const query = queries.useQuery('get', '/api/admin/jobs', { params: { query: { status, kind, cursor: pages.cursor, limit: 50 } } });
  const isFiltered = status !== undefined || kind !== undefined;
  const columns: Column<Schema<'JobView'>>[] = [
    {
      id: 'kind',
      header: 'Job',
      cell: (row) => (
        <Anchor component="button" type="button" inherit onClick={() => change({ job: row.id })}>
          {words(row.kind)}
        </Anchor>
      ),
    },
    { id: 'status', header: 'Status', cell: (row) => <Status value={row.status} label={waits(row, now) ? 'Waits for its time' : undefined} /> },
    { id: 'error', header: 'What went wrong last', cell: (row) => <span className={classes.error} title={row.last_error ?? undefined}>{row.last_error ?? ''}</span>, wide: true },
    { id: 'attempts', header: 'Attempts', align: 'end', cell: (row) => `${row.attempts} of ${row.max_attempts}`, wide: true },
    { id: 'created', header: 'Made', cell: (row) => <When at={row.created_at} />, wide: true },
    { id: 'run', header: 'Runs', cell: (row) => <When at={runsAt(row)} />, wide: true },
    { id: 'took', header: 'Took', align: 'end', cell: (row) => workTook(row, now), wide: true },
    ...(mayRetry && query.data?.data.some((row) => row.status === 'dead') ? [{ id: 'act', header: 'Act', align: 'end' as const, cell: (row: Schema<'JobView'>) => (row.status === 'dead' ? <RetryJob id={row.id} /> : null) }] : []),
  ];
  return (
    <Panel title="Jobs" note="The newest first; done ones are removed after a while" flush>
      <Filters label="Filter the jobs">
        <FilterMenu
          label="Status"
          options={JOB_STATUSES.map((value) => ({ value, label: words(value) }))}
          value={status?.split(',') ?? []}
          change={(value) => change({ status: value.join(',') })}
        />
        <FilterText label="Kind" placeholder="clerk_message" data-filter value={kind} onFilter={(value) => change({ kind: value.toLowerCase().replaceAll(' ', '_') }, true)} />
        {isFiltered && (
          <Button variant="subtle" onClick={() => change({ status: null, kind: null })}>
            Show all
          </Button>
        )}
      </Filters>
      <ListingTable
        label="List of jobs"
        noun="job"
        columns={columns}
        query={query}
        pages={pages}
        rowKey={(row) => row.id}
        onOpen={(row) => change({ job: row.id })}
        empty={
          status === 'dead' ? (
            <Empty title="No job has died">Every job either did its work or is still tried.</Empty>
          ) : (
            <Empty title="There is no such job">{isFiltered ? 'Show all to see what there is.' : 'The workers make jobs as soon as one of them runs.'}</Empty>
          )
        }
      />
      <JobDrawer id={job} close={() => change({ job: null }, true)} />
    </Panel>
  );
}

const waits = (job: Schema<'JobView'>, now: number) => job.status === 'queued' && Date.parse(job.run_at) > now;
