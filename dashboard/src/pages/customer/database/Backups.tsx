import { Button } from '@mantine/core';
import { useState } from 'react';
import { api, queries, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { useMay } from '@/session/session';
import { confirm } from '@/ui/confirm';
import { Empty } from '@/ui/Empty';
import { ListingTable } from '@/ui/ListingTable';
import { complain, say } from '@/ui/notify';
import { openDialog } from '@/ui/dialogs';
import { Panel } from '@/ui/Panel';
import { usePages } from '@/ui/usePages';
import { useAskedAct } from '../acts';
import { type Customer, pathOf, useCustomerChanged } from '../customer';
import { backupColumns } from './backupColumns';
import { RestoreForm } from './RestoreForm';

/** The backups of the customer's database; one can be asked for, and restored into a new customer. */
export function Backups({ customer }: { customer: Customer }) {
  const may = useMay();
  const pages = usePages('');
  const query = queries.useQuery('get', '/api/admin/customers/{customer}/backups', {
    params: { ...pathOf(customer), query: { limit: 10, cursor: pages.cursor } },
  });
  const restore = (backup: Schema<'BackupView'>) =>
    openDialog({
      title: `Restore a backup of ${customer.company_name} into a new customer`,
      content: (close) => <RestoreForm customer={customer} backup={backup} close={close} />,
    });
  const restoreNewest = async () => {
    try {
      const { data } = await taken(api.GET('/api/admin/customers/{customer}/backups', { params: { ...pathOf(customer), query: { limit: 100 } } }));
      const newest = data.find(({ status }) => status === 'succeeded');
      if (newest) restore(newest);
      else say('There is no backup to restore yet', 'One is made each night; “Back up now” makes one at once.');
    } catch (error) {
      complain(error);
    }
  };
  useAskedAct({ restore: may('backups:restore') && (() => void restoreNewest()) });
  return (
    <Panel title="Backups" note="Made each night, kept for 14 days" flush actions={may('backups:write') && <AskForOne customer={customer} />}>
      <ListingTable
        label="Backups, one a line"
        noun="backup"
        columns={backupColumns(may('backups:restore') ? restore : undefined)}
        query={query}
        pages={pages}
        rowKey={({ id }) => id}
        empty={<Empty title="There is no backup yet">The first one is made in the coming night. You can ask for one now.</Empty>}
      />
    </Panel>
  );
}

function AskForOne({ customer }: { customer: Customer }) {
  const changed = useCustomerChanged();
  const [busy, setBusy] = useState(false);
  const ask = async () => {
    const { job_id: job } = await taken(api.POST('/api/admin/customers/{customer}/backups', { params: pathOf(customer) }));
    say(job ? 'A backup was asked for' : 'A backup is waiting to be made already', 'It stands in the list once the worker begins it.');
    await changed();
  };
  const press = async () => {
    setBusy(true);
    await ask().catch(complain);
    setBusy(false);
  };
  useAskedAct({
    backup: () =>
      confirm({
        title: `Back up ${customer.company_name} now?`,
        consequences: ['The whole database is read and kept encrypted for 14 days.', 'They are served meanwhile as ever.'],
        act: 'Back up now',
        danger: false,
        run: ask,
      }),
  });
  return (
    <Button variant="default" loading={busy} onClick={() => void press()}>
      Back up now
    </Button>
  );
}
