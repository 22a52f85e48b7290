import { Tabs } from '@mantine/core';
import { useMay } from '@/session/session';
import { useAddress } from '@/ui/address';
import { PageHeader } from '@/ui/PageHeader';
import { JobsTable } from './JobsTable';
import classes from './Operations.module.css';
import { OperationsTable } from './OperationsTable';
import { WorkFigures } from './WorkFigures';

/** What runs, what waits, and what died. */
export function OperationsPage() {
  const [{ tab = 'operations' }, change] = useAddress('tab', 'status', 'customer', 'kind', 'job');
  const seesJobs = useMay()('jobs:read');
  // What one list is filtered by means nothing to the other.
  const show = (next: string | null) => change({ tab: next === 'jobs' ? 'jobs' : undefined, status: null, customer: null, kind: null, job: null });
  return (
    <>
      <PageHeader title="Operations" note="Long work on customers, and the jobs that the workers do by themselves" />
      <div className={classes.figures}>
        <WorkFigures />
      </div>
      <Tabs value={seesJobs ? tab : 'operations'} onChange={show} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="operations">Operations</Tabs.Tab>
          {seesJobs && <Tabs.Tab value="jobs">Jobs</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="operations">
          <OperationsTable />
        </Tabs.Panel>
        <Tabs.Panel value="jobs">
          <JobsTable />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
