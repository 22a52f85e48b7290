import { useDebouncedValue } from '@mantine/hooks';
import { queries } from '@/api/client';
import { wrongId } from '@/api/customerId';
import { heldBy } from './heldBy';

/** Who has a customerId already; null when nobody is known to. That it is free, the server alone can say. */
export function useTakenBy(id: string): string | null {
  const [asked] = useDebouncedValue(id, 200);
  const isId = wrongId(asked) === null;
  const query = { q: asked, sort: 'created_at', limit: 200 };
  const customers = queries.useQuery('get', '/api/admin/customers', { params: { query } }, { enabled: isId, refetchInterval: false, placeholderData: undefined });
  const found = customers.data?.data.find((customer) => customer.customer_id === asked);
  // The list has neither those who were deleted nor those who are on their way.
  const isUnlisted = isId && customers.data !== undefined && !found;
  const operations = queries.useQuery(
    'get',
    '/api/admin/operations',
    { params: { query: { customer: asked, limit: 1 } } },
    { enabled: isUnlisted, refetchInterval: false, placeholderData: undefined },
  );
  if (asked !== id || !isId) return null;
  return found ? found.company_name : heldBy(operations.data?.data[0]);
}
