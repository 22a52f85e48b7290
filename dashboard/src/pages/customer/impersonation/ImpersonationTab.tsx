import { Button } from '@mantine/core';
import { queries } from '@/api/client';
import { useMay } from '@/session/session';
import { Empty } from '@/ui/Empty';
import { ListingTable } from '@/ui/ListingTable';
import { Panel } from '@/ui/Panel';
import { usePages } from '@/ui/usePages';
import { type Customer, pathOf } from '../customer';
import { useColumns } from './columns';
import { openImpersonation } from './openImpersonation';

/** Who acts, or acted, in the customer's place. */
export default function ImpersonationTab({ customer }: { customer: Customer }) {
  const may = useMay();
  const pages = usePages(`impersonations of ${customer.id}`);
  const query = queries.useQuery(
    'get',
    '/api/admin/customers/{customer}/impersonations',
    { params: { ...pathOf(customer), query: { limit: 50, cursor: pages.cursor } } },
  );
  const columns = useColumns(customer);
  return (
    <Panel
      title="Impersonations"
      note="Who acts, or acted, in the customer’s place; the newest first"
      flush
      actions={may('customers:impersonate') && <Button onClick={() => openImpersonation(customer)}>Begin one</Button>}
    >
      <ListingTable
        label="Impersonations, one a line"
        noun="impersonation"
        columns={columns}
        query={query}
        pages={pages}
        rowKey={({ id }) => id}
        empty={
          <Empty title="Nobody ever acted in their place">
            An operator who begins to gets a key that ends by itself after at most 30 minutes. The customer’s own log tells of it.
          </Empty>
        }
      />
    </Panel>
  );
}
