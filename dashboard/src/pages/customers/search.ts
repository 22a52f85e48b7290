import { useNavigate, useSearch } from '@tanstack/react-router';
import { PLANS } from '@/api/plans';
import { twoMoments, SPANS } from '@/ui/range';
import { useNow } from '@/ui/useNow';
import { STATUSES } from './customer';

/** What the address says of the table: filters, search, order, and the columns in theirs; since when, or between
    which moments, somebody signed up. Several values are separated by commas. */
export type CustomersSearch = { q?: string; status?: string; plan?: string; module?: string; signed_up?: SignedUp; sort?: string; columns?: string; from?: string; until?: string };

/** Since when somebody signed up. */
export const SIGNED_UP = ['24h', '7d', '30d', '90d'] as const;
type SignedUp = (typeof SIGNED_UP)[number];

export const DEFAULT_SORT = '-created_at';

/** Reads the address; what means nothing is left out. */
export function customersSearch(search: Record<string, unknown>): CustomersSearch {
  const text = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 200) || undefined : undefined);
  const some = (value: unknown, known: readonly string[]) =>
    text(value)?.split(',').filter((one) => known.includes(one)).join(',') || undefined;
  const read: CustomersSearch = {
    q: text(search.q),
    status: some(search.status, STATUSES),
    plan: some(search.plan, PLANS),
    module: /^[a-z_]+$/.test(text(search.module) ?? '') ? text(search.module) : undefined,
    signed_up: SIGNED_UP.find((span) => span === search.signed_up),
    ...twoMoments(search),
    sort: /^-?[a-z_0-9]+$/.test(text(search.sort) ?? '') ? text(search.sort) : undefined,
    columns: /^[a-z]+(,[a-z]+)*$/.test(text(search.columns) ?? '') ? text(search.columns) : undefined,
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined)) as CustomersSearch;
}

/** The table's search and how to change it; filters that are typed replace the step before, so that Back leaves the page. */
export function useCustomersSearch() {
  // What the router hands on has what means nothing to the table, too: the page of the listing.
  const search = customersSearch(useSearch({ from: '/customers' }));
  const navigate = useNavigate();
  const now = useNow();
  const change = (next: CustomersSearch, replace = false) =>
    void navigate({ to: '/customers', search: ((before: Record<string, unknown>) => changedSearch(before, next)) as never, replace, resetScroll: false });
  return { search, change, filter: filterOf(search, now) };
}

/** What the address says after a change. The page of the listing stays: it belongs to its filter, and not to the columns. */
export const changedSearch = (before: Record<string, unknown>, next: CustomersSearch) => ({ ...customersSearch({ ...before, ...next }), page: before.page });

/** The search as the API's parameters, without the page. */
export function filterOf({ q, status, plan, module, signed_up, from, until, sort }: CustomersSearch, now: number) {
  // To the hour, so that the question stays the same while somebody reads.
  const since = signed_up && new Date(Math.floor(now / 3_600_000) * 3_600_000 - SPANS[signed_up].seconds * 1000).toISOString();
  return { q, status, plan, module, 'created_at[gte]': from ?? since, 'created_at[lt]': until, sort: sort ?? DEFAULT_SORT };
}

/** Where all that the filter finds is had as a file. */
export function csvOf(filter: ReturnType<typeof filterOf>): string {
  const given = Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return `/api/admin/customers.csv?${new URLSearchParams(given)}`;
}
