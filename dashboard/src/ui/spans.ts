// Spans of time, apart from pages: what is asked before the program is there is of one, too.

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
  const { range } = search;
  return twoMoments(search) ?? (typeof range === 'string' && Object.hasOwn(SPANS, range) ? { range: range as SpanName } : {});
}

/** Two moments of an address, the earlier one first; null when they are none. Written with offsets, they don't sort as texts. */
export const twoMoments = ({ from, until }: Record<string, unknown>): Moments | null =>
  isMoment(from) && isMoment(until) && Date.parse(from) < Date.parse(until) ? { from, until } : null;

const isMoment = (value: unknown): value is string => typeof value === 'string' && !Number.isNaN(Date.parse(value));

/** Two moments, RFC 3339: from the one until before the other. */
export type Moments = { from: string; until: string };

/** A span that ends now: at the end of the present step, so that questions stay the same for a while and what comes in is part of it. */
export function endingAt(name: SpanName, now: number): Moments {
  const { seconds } = SPANS[name];
  const step = Math.max(60, seconds / 288) * 1000;
  const until = Math.ceil((now + 1) / step) * step;
  return { from: new Date(until - seconds * 1000).toISOString(), until: new Date(until).toISOString() };
}

/** The range as the API's parameters. */
export const rangeQuery = (range: Moments) => ({
  'created_at[gte]': range.from,
  'created_at[lt]': range.until,
});
