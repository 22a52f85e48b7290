import { useEffect, useRef, useState } from 'react';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { complain } from '@/ui/notify';
import type { Customer } from '../customer';
import type { filterOf } from '../search';
import { fetchedBy, MOST } from './offer';

/** As many as the API answers at once. */
const PAGE = 200;

/**
 * Fetches all customers whom the filter finds, a page after the other, up to as many as are acted on at once. `run` is told how many it
 * finds. Another filter ends it, and so does `stop`: nobody is selected then.
 */
export function useSelectAll(filter: ReturnType<typeof filterOf>, add: (found: readonly Customer[]) => void) {
  const of = JSON.stringify(filter);
  const under = useRef<AbortController>(undefined);
  const [state, setState] = useState<{ of: string; fetched: number; isDone: boolean } | null>(null);
  useEffect(() => () => under.current?.abort(), [of]);

  const run = async (total: number) => {
    const { signal } = (under.current = new AbortController());
    const sort = fetchedBy(filter.sort, total);
    const found: Customer[] = [];
    let cursor: string | undefined;
    setState({ of, fetched: 0, isDone: false });
    try {
      do {
        const query = { ...filter, sort, cursor, limit: Math.min(PAGE, MOST - found.length) };
        const page = await taken(api.GET('/api/admin/customers', { params: { query }, signal }));
        if (signal.aborted) return;
        found.push(...page.data);
        cursor = page.next_cursor ?? undefined;
        setState({ of, fetched: found.length, isDone: false });
      } while (cursor !== undefined && found.length < MOST);
      add(found);
      setState({ of, fetched: found.length, isDone: true });
    } catch (error) {
      if (signal.aborted) return;
      setState(null);
      complain(error);
    }
  };
  const isOfThis = state?.of === of;
  return {
    /** How many are fetched, while it goes on. */
    fetched: isOfThis && !state.isDone ? state.fetched : undefined,
    /** Whether all that this filter finds, or as many as may be, are selected. */
    isDone: isOfThis && state.isDone,
    run: (total: number) => void run(total),
    stop: () => {
      under.current?.abort();
      setState(null);
    },
  };
}
