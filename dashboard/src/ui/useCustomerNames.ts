import { queries } from '@/api/client';
import { useMay } from '@/session/session';

/** The names of the newest customers by their UUIDs, for lists that know the UUID only. Others are shown by it. */
export function useCustomerNames(): ReadonlyMap<string, string> {
  const may = useMay()('customers:read');
  const { data } = queries.useQuery('get', '/api/admin/customers', { params: { query: { limit: 200 } } }, { enabled: may, staleTime: 300_000 });
  return new Map(data?.data.map((customer) => [customer.id, customer.company_name]));
}
