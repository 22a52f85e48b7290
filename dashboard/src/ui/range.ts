import { useNavigate, useSearch } from '@tanstack/react-router';
import { endingAt, type Moments, type RangeSearch, SPANS, type SpanName } from './spans';
import { useNow } from './useNow';

export { twoMoments, rangeOf, rangeQuery, SPANS, type RangeSearch, type SpanName } from './spans';

export type Range = Moments & { name: SpanName | null; seconds: number; label: string };

/**
 * The range in the page's address. `change` writes it there, so that a link shows what its sender saw. With `quietly` that is no step of
 * the browser's history: for what is opened over a page, which no step back is to open again.
 */
export function useRange(preset: SpanName = '24h', quietly = false): Range & { change: (range: RangeSearch) => void } {
  const search = useSearch({ strict: false }) as RangeSearch;
  const navigate = useNavigate();
  const now = useNow();
  const change = (range: RangeSearch) =>
    void navigate({
      to: '.',
      search: ((before: Record<string, unknown>) => ({ ...before, range: undefined, from: undefined, until: undefined, ...range })) as never,
      replace: quietly,
      resetScroll: false,
    });
  if (search.from && search.until) {
    const seconds = (Date.parse(search.until) - Date.parse(search.from)) / 1000;
    return { name: null, from: search.from, until: search.until, seconds, label: 'Chosen span', change };
  }
  return { ...ending(search.range ?? preset, now), change };
}

/** The range as the addresses of pages say it. */
export const rangeSearch = ({ name, from, until }: Pick<Range, 'name' | 'from' | 'until'>): RangeSearch => (name ? { range: name } : { from, until });

/** A span that ends now, whatever the page's address says. */
export const useSpan = (name: SpanName): Range => ending(name, useNow());

function ending(name: SpanName, now: number): Range {
  return { name, ...endingAt(name, now), ...SPANS[name] };
}
