import { Button, SegmentedControl } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { queries } from '@/api/client';
import { useMay } from '@/session/session';
import { useAddress } from '@/ui/address';
import { Empty } from '@/ui/Empty';
import { ListingTable } from '@/ui/ListingTable';
import { Panel } from '@/ui/Panel';
import { usePages } from '@/ui/usePages';
import { useAskedAct } from '../acts';
import { openEditKey } from './EditKey';
import { KeyDrawer } from './KeyDrawer';
import type { KeyActions } from './key';
import { keyColumns } from './keyColumns';
import { openNewKey } from './NewKey';
import { openRotation } from './RotateKey';
import { revokeKey } from './revokeKey';

const STATUSES = ['active', 'expired', 'revoked'];

/** A customer's API keys: seen, made, changed, rotated, revoked. `customer` is the UUID or the customerId. */
export function ApiKeys({ customer }: { customer: string }) {
  const client = useQueryClient();
  const mayChange = useMay()('keys:write');
  // Which keys are listed and which one is open: `?keys=active&key=…`
  const [{ keys, key: opened }, change] = useAddress('keys', 'key');
  const status = STATUSES.find((known) => known === keys);
  const pages = usePages(`${customer} ${status}`);
  const query = queries.useQuery('get', '/api/admin/customers/{customer}/api-keys', {
    params: { path: { customer }, query: { status, cursor: pages.cursor, limit: 50 } },
  });
  const acts: KeyActions = {
    rotate: (key) => openRotation(customer, key),
    edit: (key) => openEditKey(customer, key.id),
    revoke: (key) => revokeKey(client, customer, key),
  };
  const columns = keyColumns({ ...acts, open: (key) => change({ key: key.id }) }, mayChange);
  useAskedAct({ key: mayChange && (() => openNewKey(customer)) });
  const make = mayChange && <Button onClick={() => openNewKey(customer)}>New key</Button>;
  return (
    <Panel
      title="API keys"
      note="What the customer’s programs show to be let in"
      flush
      actions={
        <>
          <SegmentedControl
            size="xs"
            aria-label="Which keys"
            value={status ?? 'all'}
            onChange={(value) => change({ keys: value === 'all' ? null : value })}
            data={[{ value: 'all', label: 'All' }, ...STATUSES.map((value) => ({ value, label: value.charAt(0).toUpperCase() + value.slice(1) }))]}
          />
          {make}
        </>
      }
    >
      <ListingTable
        label="Table of the API keys"
        noun="API key"
        columns={columns}
        query={query}
        pages={pages}
        rowKey={(key) => key.id}
        onOpen={(key) => change({ key: key.id })}
        empty={
          <Empty title={status ? `No key is ${status}` : 'There is no API key'} action={status ? undefined : make}>
            {status ? 'Choose “All” to see the others.' : 'Without one, the customer’s programs can’t call the API.'}
          </Empty>
        }
      />
      {opened && (
        <KeyDrawer customer={customer} id={opened} show={(key) => change({ key }, true)} acts={mayChange ? acts : undefined} close={() => change({ key: null }, true)} />
      )}
    </Panel>
  );
}
