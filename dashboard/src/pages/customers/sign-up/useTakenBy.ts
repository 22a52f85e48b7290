import { useDebouncedValue } from '@mantine/hooks';
import { queries } from '@/api/client';
import { wrongId } from '@/api/customerId';

/** Who has a customerId already: a name, null when nobody has, undefined while it isn't known. The server decides all the same. */
export function useTakenBy(id: string): string | null | undefined {
  const [asked] = useDebouncedValue(id, 200);
  const query = { q: asked, sort: 'created_at', limit: 200 };
  const { data, isPlaceholderData } = queries.useQuery(
    'get',
    '/api/admin/customers',
    { params: { query } },
    { enabled: wrongId(asked) === null, refetchInterval: false },
  );
  if (asked !== id || isPlaceholderData || !data || wrongId(id) !== null) return undefined;
  const found = data.data.find((customer) => customer.customer_id === id);
  if (found) return found.company_name;
  // More are called alike than a page holds: whether this one is among them isn't known.
  return data.next_cursor ? undefined : null;
}
