import { useNavigate, useSearch } from '@tanstack/react-router';
import { useNow } from './useNow';

/** The spans that can be chosen, in seconds. */
export const SPANS = {
  '1h': { label: 'Last hour', seconds: 3600 },
  '24h': { label: 'Last 24 hours', seconds: 86_400 },
  '7d': { label: 'Last 7 days', seconds: 7 * 86_400 },
  '30d': { label: 'Last 30 days', seconds: 30 * 86_400 },
  '90d': { label: 'Last 90 days', seconds: 90 * 86_400 },
  '365d': { label: 'Last year', seconds: 365 * 86_400 },
} as const;

export type SpanName = keyof typeof SPANS;

/** What a page's address says of its range: a span that ends now, or two moments. */
export type RangeSearch = { range?: SpanName; from?: string; until?: string };

/** Reads the range of an address; what is no range is left out. */
export function rangeOf(search: Record<string, unknown>): RangeSearch {
  const { range, from, until } = search;
  if (isMoment(from) && isMoment(until) && from < until) return { from, until };
  return typeof range === 'string' && Object.hasOwn(SPANS, range) ? { range: range as SpanName } : {};
}

const isMoment = (value: unknown): value is string => typeof value === 'string' && !Number.isNaN(Date.parse(value));

export type Range = { name: SpanName | null; from: string; until: string; seconds: number; label: string };

/** The range in the page's address. `change` writes it there, so that a link shows what its sender saw. */
export function useRange(preset: SpanName = '24h'): Range & { change: (range: RangeSearch) => void } {
  const search = useSearch({ strict: false }) as RangeSearch;
  const navigate = useNavigate();
  const now = useNow();
  const change = (range: RangeSearch) =>
    void navigate({
      to: '.',
      search: ((before: Record<string, unknown>) => ({ ...before, range: undefined, from: undefined, until: undefined, ...range })) as never,
      replace: false,
    });
  if (search.from && search.until) {
    const seconds = (Date.parse(search.until) - Date.parse(search.from)) / 1000;
    return { name: null, from: search.from, until: search.until, seconds, label: 'Chosen span', change };
  }
  return { ...ending(search.range ?? preset, now), change };
}

/** A span that ends now, whatever the page's address says. */
export const useSpan = (name: SpanName): Range => ending(name, useNow());

function ending(name: SpanName, now: number): Range {
  const { seconds, label } = SPANS[name];
  // The end of the present step: questions stay the same for a while, and what comes in is part of the range.
  const step = Math.max(60, seconds / 288) * 1000;
  const until = Math.ceil((now + 1) / step) * step;
  return { name, from: new Date(until - seconds * 1000).toISOString(), until: new Date(until).toISOString(), seconds, label };
}

/** The range as the API's parameters. */
export const rangeQuery = (range: Pick<Range, 'from' | 'until'>) => ({
  'created_at[gte]': range.from,
  'created_at[lt]': range.until,
});
