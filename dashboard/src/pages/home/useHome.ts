import { useQuery } from '@tanstack/react-query';
import { api, queries, type Schema } from '@/api/client';
import { useMay } from '@/session/session';
import { type Range, rangeQuery } from '@/ui/range';

/** Requests over time, in all. */
export function useTraffic(range: Range) {
  const enabled = useMay()('usage:read');
  return queries.useQuery('get', '/api/admin/usage/series', { params: { query: rangeQuery(range) } }, { enabled });
}

/** Requests over time, by the status of their answer. */
export function useStatuses(range: Range) {
  const enabled = useMay()('usage:read');
  return queries.useQuery('get', '/api/admin/usage/series', { params: { query: { ...rangeQuery(range), group_by: 'status', top: 20 } } }, { enabled });
}

/** How many customers there are, who came and who left. */
export function useGrowth(range: Range) {
  const enabled = useMay()('customers:read');
  return queries.useQuery('get', '/api/admin/statistics/customers', { params: { query: rangeQuery(range) } }, { enabled });
}

/** What waits, runs and died. */
export function useWork() {
  const enabled = useMay()('customers:read');
  return queries.useQuery('get', '/api/admin/statistics/work', {}, { enabled, refetchInterval: 15_000 });
}

export type Part = { name: string; status: string; detail: string | null; latency: number | null };

/** How every part of the platform answers. */
export function useHealth() {
  return useQuery({
    queryKey: ['get', '/api/ready'],
    refetchInterval: 15_000,
    queryFn: async (): Promise<Part[]> => {
      const { data, error } = await api.GET('/api/ready');
      const readiness = data ?? readinessOf(error);
      if (!readiness) throw error;
      return readiness.dependencies.map((one) => ({
        name: one.name,
        status: one.status === 'up' ? 'ok' : one.required ? 'down' : 'degraded',
        detail: null,
        latency: one.latency_ms ?? null,
      }));
    },
  });
}

/** A server that isn't ready says 503 and how its parts are. */
const readinessOf = (error: unknown) => (typeof error === 'object' && error !== null && 'dependencies' in error ? (error as Schema<'Readiness'>) : undefined);
