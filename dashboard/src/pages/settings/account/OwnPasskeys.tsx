import { Button, Group } from '@mantine/core';
import { queries, type Schema } from '@/api/client';
import { useWhyNoPasskeys } from '@/session/ways';
import { useAddress } from '@/ui/address';
import { type Column, DataTable } from '@/ui/DataTable';
import { openDialog } from '@/ui/dialogs';
import { Empty } from '@/ui/Empty';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { When } from '@/ui/When';
import classes from '../Settings.module.css';
import { NewPasskey } from './NewPasskey';
import { RemovePasskey, RenamePasskey } from './PasskeyActs';

type Passkey = Schema<'PasskeyView'>;

/** The operator's passkeys: what they show beside the password, to this address only. */
export function OwnPasskeys() {
  const [{ new: isNew }, change] = useAddress('new');
  const query = queries.useQuery('get', '/api/admin/session/passkeys');
  const why = useWhyNoPasskeys();
  const rename = (passkey: Passkey) => openDialog({ title: `Rename the passkey ${passkey.name}`, content: (close) => <RenamePasskey passkey={passkey} close={close} /> });
  const remove = (passkey: Passkey) => openDialog({ title: `Remove the passkey ${passkey.name}`, content: (close) => <RemovePasskey passkey={passkey} close={close} /> });
  const columns: Column<Passkey>[] = [
    {
      id: 'name',
      header: 'Passkey',
      cell: (row) => (
        <>
          {row.name}
          {!row.is_of_this_server && <span className={classes.sub}>Made for {row.domain}: browsers don’t show it here</span>}
        </>
      ),
    },
    { id: 'kept', header: 'Kept', cell: keptWhere, wide: true },
    { id: 'used', header: 'Last used', cell: (row) => <When at={row.last_used_at} empty="Never" /> },
    { id: 'made', header: 'Made', cell: (row) => <When at={row.created_at} />, wide: true },
    {
      id: 'act',
      header: 'Act',
      align: 'end',
      cell: (row) => (
        <Group gap={6} justify="flex-end" wrap="nowrap">
          <Button size="compact-xs" variant="default" onClick={() => rename(row)} aria-label={`Rename ${row.name}`}>
            Rename
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => remove(row)} aria-label={`Remove ${row.name}`}>
            Remove
          </Button>
        </Group>
      ),
    },
  ];
  return (
    <Panel
      title="Your passkeys"
      note="A second factor that no other site can ask for"
      flush
      actions={
        <Button onClick={() => change({ new: 'passkey' })} disabled={why !== null}>
          New passkey
        </Button>
      }
    >
      <Loaded query={query}>
        {({ data }) => (
          <DataTable
            label="List of your passkeys"
            columns={columns}
            rows={data}
            rowKey={(row) => row.id}
            empty={<Empty title="You have no passkey">{why ?? 'Your device, your password manager or a security key keeps one. Whoever imitates this page gets nothing that opens it.'}</Empty>}
          />
        )}
      </Loaded>
      <NewPasskey opened={isNew === 'passkey'} close={() => change({ new: null }, true)} />
    </Panel>
  );
}

function keptWhere({ attachment, backup }: Passkey): string {
  if (backup !== 'never') return backup === 'done' ? 'Synchronised by its keeper' : 'On one device so far';
  if (attachment === 'cross-platform') return 'On a security key or another device';
  return attachment === 'platform' ? 'On one device' : 'On one device or key';
}
