import { queries } from '@/api/client';
import { useMay } from '@/session/session';
import { useSpan } from '../range';
import { rangeQuery } from '../range';

/** More than are looked through. */
const SHOWN = 20;

/** The routes that a customer used lately, the busiest first: what one may want to limit. */
export function useRoutesUsed(customer: string): string[] {
  const enabled = useMay()('usage:read') && customer !== '';
  const { data } = queries.useQuery(
    'get',
    '/api/admin/usage/series',
    { params: { query: { customer, ...rangeQuery(useSpan('30d')), group_by: 'route', top: SHOWN } } },
    { enabled, refetchInterval: false, placeholderData: undefined, retry: false },
  );
  return data?.groups.map(({ key }) => key).filter((key): key is string => key !== null && key.includes(' /')) ?? [];
}
