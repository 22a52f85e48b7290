import { Button } from '@mantine/core';
import { useState } from 'react';
import { api, queries, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { useMay } from '@/session/session';
import { Empty } from '@/ui/Empty';
import { ListingTable } from '@/ui/ListingTable';
import { complain, say } from '@/ui/notify';
import { openDialog } from '@/ui/dialogs';
import { Panel } from '@/ui/Panel';
import { usePages } from '@/ui/usePages';
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
  return (
    <Panel title="Backups" note="Made each night, kept for 14 days" flush actions={may('backups:write') && <AskForOne customer={customer} />}>
      <ListingTable
        label="Backups, one a line"
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
    setBusy(true);
    try {
      const { job_id: job } = await taken(api.POST('/api/admin/customers/{customer}/backups', { params: pathOf(customer) }));
      say(job ? 'A backup was asked for' : 'A backup is waiting to be made already', 'It stands in the list once the worker begins it.');
    } catch (error) {
      complain(error);
    }
    setBusy(false);
    await changed();
  };
  return (
    <Button variant="default" loading={busy} onClick={() => void ask()}>
      Back up now
    </Button>
  );
}
