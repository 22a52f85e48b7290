import { queries } from '@/api/client';
import { Empty } from '@/ui/Empty';
import { ListingTable } from '@/ui/ListingTable';
import { Panel } from '@/ui/Panel';
import { usePages } from '@/ui/usePages';
import { type Customer, pathOf } from '../customer';
import { columns } from './columns';

/** The people in the customer's database, and who of them signs in by Clerk. */
export default function UsersTab({ customer }: { customer: Customer }) {
  const pages = usePages('');
  const query = queries.useQuery('get', '/api/admin/customers/{customer}/users', {
    params: { ...pathOf(customer), query: { limit: 50, cursor: pages.cursor } },
  });
  const link = customer.clerk_org_id ? 'Their Clerk organization is linked' : 'No Clerk organization is linked: nobody signs in';
  return (
    <Panel title="Users" note={`Of the customer’s own database. ${link}`} flush>
      <ListingTable
        label="Users, one a line"
        noun="user"
        columns={columns}
        query={query}
        pages={pages}
        rowKey={({ id }) => id}
        empty={<Empty title="There are no users yet">The customer’s programs make them by POST /api/v1/users; those of a linked Clerk organization come by themselves.</Empty>}
      />
    </Panel>
  );
}
