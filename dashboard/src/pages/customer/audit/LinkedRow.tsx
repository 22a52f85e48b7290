import { queries } from '@/api/client';
import { problemOf } from '@/api/problem';
import { Empty } from '@/ui/Empty';
import { Loaded } from '@/ui/Loaded';
import type { CustomerKey } from '../customer';
import { Rows } from './Rows';

type LinkedRowProps = { id: string; customer: CustomerKey; close: () => void };

/** The row that a link names, where the page of the log doesn't have it. */
export function LinkedRow({ id, customer, close }: LinkedRowProps) {
  // A row never changes.
  const asked = { placeholderData: undefined, refetchInterval: false, staleTime: Infinity } as const;
  const query = queries.useQuery('get', '/api/admin/audit-logs/{id}', { params: { path: { id } } }, asked);
  const isGone = query.error !== null && [400, 404].includes(problemOf(query.error).status);
  const isOfAnother = query.data !== undefined && query.data.customer_uuid !== customer.id;
  if (isGone || isOfAnother) return <Empty title="This customer’s log has no row of this id">Retention removes old rows, or the link is to somebody else’s.</Empty>;
  return (
    <Loaded query={query} lines={2}>
      {(row) => <Rows label="The row of the link" rows={[row]} opened={id} toggle={close} />}
    </Loaded>
  );
}
