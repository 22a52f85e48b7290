import { queries, type Schema } from '@/api/client';
import { useMay } from '@/session/session';
import { type Range, rangeQuery } from '@/ui/range';

/** Requests over time, in all. */
export function useTraffic(range: Range) {
  const enabled = useMay()('usage:read');
  return queries.useQuery('get', '/api/admin/usage/series', { params: { query: rangeQuery(range) } }, { enabled });
}

/** How many customers there are, who came and who left. */
export function useGrowth(range: Range) {
  const enabled = useMay()('customers:read');
  return queries.useQuery('get', '/api/admin/statistics/customers', { params: { query: rangeQuery(range) } }, { enabled });
}

/** What waits, runs and died, now and when the range began. */
export function useWork(range: Range) {
  const enabled = useMay()('customers:read');
  return queries.useQuery('get', '/api/admin/statistics/work', { params: { query: rangeQuery(range) } }, { enabled, refetchInterval: 15_000 });
}

export type Part = Schema<'PartView'>;

/** How every part of the platform is. */
export function useHealth() {
  return queries.useQuery('get', '/api/admin/health', {}, { refetchInterval: 15_000 });
}
