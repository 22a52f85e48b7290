import { queries } from '@/api/client';

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What people call what has this id: the customer's or the key's name. What is no id, or isn't found, stays as it is. */
export function useNameOf(value: string): string {
  const isId = ID.test(value);
  const { data } = queries.useQuery('get', '/api/admin/search', { params: { query: { q: value } } }, { enabled: isId, staleTime: 300_000, refetchInterval: false });
  if (!isId || !data) return value;
  const customer = data.customers.find(({ id }) => id === value);
  const key = data.api_keys.find(({ id }) => id === value);
  return customer?.company_name ?? (key && `${key.name ?? 'Key'} ${key.prefix}…`) ?? value;
}
