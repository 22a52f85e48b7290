import { useNavigate, useSearch } from '@tanstack/react-router';
import { useUsageSeries } from '@/api/useUsageSeries';
import { useRange, rangeQuery } from '@/ui/range';
import { type Filter, FILTER_NAMES } from '@/api/usageGroups';
import { FEW, usageSearch, type UsageSearch } from './search';

/** What the page's address says, and how to change it. */
export function useUsage() {
  const search = usageSearch(useSearch({ strict: false }) as Record<string, unknown>);
  const range = useRange('24h');
  const navigate = useNavigate();
  const change = (changes: UsageSearch | ((before: UsageSearch) => UsageSearch)) =>
    void navigate({
      to: '.',
      search: ((before: UsageSearch) => (typeof changes === 'function' ? changes(before) : { ...before, ...changes })) as never,
      resetScroll: false,
    });
  const filter: Filter = {};
  for (const name of FILTER_NAMES) if (search[name] !== undefined) filter[name] = String(search[name]);
  return { search, by: search.by ?? 'customer', time: search.time ?? 'p95', top: search.top ?? FEW, range, filter, query: { ...rangeQuery(range), ...filter }, change };
}

export type Usage = ReturnType<typeof useUsage>;

/** Requests over time, as the address says. */
export const useSeries = (usage: Usage) => useAsked(usage, []);

/** The same for whoever looks at its sums alone: how it is put together changes none of them. */
export const useSums = (usage: Usage) => useAsked(usage, ['group_by', 'top']);

function useAsked({ by, query, top }: Usage, but: readonly string[]) {
  const asked = { ...query, group_by: by === 'all' ? undefined : by, top };
  return useUsageSeries(asked, but);
}
