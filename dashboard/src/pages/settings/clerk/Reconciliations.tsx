import { Button, Group } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { askAgain } from '@/api/askAgain';
import { api, queries, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { useMay } from '@/session/session';
import { useAddress } from '@/ui/address';
import { confirm } from '@/ui/confirm';
import { type Column, DataTable } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { count, many } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { complain, say } from '@/ui/notify';
import { Status } from '@/ui/Status';
import { took } from '@/ui/took';
import { useAskedAct } from '@/ui/useAskedAct';
import { When } from '@/ui/When';
import settings from '../Settings.module.css';
import classes from './Clerk.module.css';
import { Findings } from './Findings';

type Reconciliation = Schema<'ReconciliationView'>;

/** Comparisons with Clerk, with what each found. */
export function Reconciliations() {
  const [{ comparison }, change] = useAddress('comparison', 'findings');
  const mayRun = useMay()('clerk:write');
  const query = queries.useQuery('get', '/api/admin/clerk/reconciliations');
  const columns: Column<Reconciliation>[] = [
    { id: 'began', header: 'Began', cell: (row) => <When at={row.started_at} /> },
    { id: 'status', header: 'Found', cell: (row) => <Outcome row={row} /> },
    { id: 'compared', header: 'Compared', cell: (row) => `${many(row.organizations, 'organization')}, ${many(row.memberships, 'membership')}`, wide: true },
    { id: 'error', header: 'What stood in the way', cell: (row) => <span className={`${settings.wrap} ${settings.bad}`}>{row.error ?? ''}</span>, wide: true },
    { id: 'took', header: 'Took', align: 'end', cell: (row) => took(row.started_at, row.finished_at), wide: true },
    {
      id: 'act',
      header: 'Findings',
      align: 'end',
      cell: (row) =>
        row.differences > 0 && (
          <Button size="compact-xs" variant="default" aria-expanded={comparison === row.id} onClick={() => (comparison === row.id ? change({ comparison: null, findings: null }, true) : change({ comparison: row.id, findings: null }))}>
            {comparison === row.id ? 'Hide' : 'Show'}
          </Button>
        ),
    },
  ];
  return (
    <>
      {mayRun && <Run />}
      <Loaded query={query}>
        {({ data }) => {
          const shown = data.find((row) => row.id === comparison);
          return (
            <>
              <DataTable
                label="List of comparisons"
                columns={columns}
                rows={data}
                rowKey={(row) => row.id}
                empty={<Empty title="Nothing was compared yet">It needs SIXTY_CLERK_SECRET_KEY at the workers; then they compare each hour.</Empty>}
              />
              {shown && <Findings key={shown.id} comparison={shown.id} />}
            </>
          );
        }}
      </Loaded>
    </>
  );
}

function Outcome({ row }: { row: Reconciliation }) {
  if (row.error) return <Status value="failed" label={row.differences > 0 ? `${count(row.differences)}, and an error` : 'An error'} />;
  if (row.differences === 0) return <Status value="ok" label="No difference" />;
  return <Status value="pending" label={many(row.differences, 'difference')} />;
}

function Run() {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const ask = async (dry_run: boolean) => {
    const { job_id } = await taken(api.POST('/api/admin/clerk/reconciliations', { body: { dry_run } }));
    say('Asked for', job_id ? 'A worker that knows the key of Clerk’s compares now.' : dry_run ? 'A comparison that only says what differs was asked for already.' : 'A comparison that mends was asked for already.');
    await askAgain(client, /\/clerk/);
  };
  const inspect = async () => {
    setBusy(true);
    await ask(true).catch(complain);
    setBusy(false);
  };
  const mend = () =>
    confirm({
      title: 'Compare with Clerk now, and mend?',
      consequences: [
        'Organizations, users and memberships are asked for, and what differs here is made as Clerk has it.',
        'A customer whose organization is gone at Clerk is suspended: during the grace period their API keys still read, and nothing after it.',
        'An organization that is no customer yet is signed up. Whoever is a member no more is out at once.',
        'What was found and mended stands in the list.',
      ],
      act: 'Compare and mend',
      run: () => ask(false),
    });
  useAskedAct({
    compare: mend,
    inspect: () =>
      confirm({
        title: 'Compare with Clerk, and only say what differs?',
        consequences: ['Organizations, users and memberships are asked for. Nothing is changed.'],
        act: 'Compare',
        danger: false,
        run: () => ask(true),
      }),
  });
  return (
    <Group className={classes.run} gap="xs">
      <Button variant="default" onClick={mend}>
        Compare now and mend
      </Button>
      <Button variant="default" loading={busy} onClick={() => void inspect()}>
        Compare, and only say what differs
      </Button>
    </Group>
  );
}
