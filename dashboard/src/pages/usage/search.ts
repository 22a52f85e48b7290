import { type Filter, FILTER_NAMES, filterOf, GROUPS, type GroupName } from '@/api/usageGroups';
import { rangeOf, type RangeSearch } from '@/ui/range';
import type { Percentile } from '@/ui/usage/times';

/** What the page's address says. */
export type UsageSearch = RangeSearch & Filter & { by?: GroupName; show?: 'errors'; time?: Percentile; slower?: number; top?: number };

/** Reads an address; what means nothing here is left out. */
export function usageSearch(search: Record<string, unknown>): UsageSearch {
  const read: UsageSearch = rangeOf(search);
  for (const name of FILTER_NAMES) {
    const value = search[name];
    // A status is a number in an address, and a customer may be called 42.
    if (typeof value === 'number' || (typeof value === 'string' && value !== '')) read[name] = value as string;
  }
  if (typeof search.by === 'string' && search.by in GROUPS) read.by = search.by as GroupName;
  if (search.show === 'errors') read.show = 'errors';
  if (search.time === 'p50' || search.time === 'p99') read.time = search.time;
  if (typeof search.slower === 'number' && search.slower > 0) read.slower = search.slower;
  if (search.top === MANY) read.top = MANY;
  return read;
}

/** How many groups are told apart, and how many when somebody asks for more: the API tells no more apart. */
export const FEW = 8;
export const MANY = 20;

// What one wants to know next of a group that was chosen.
const NEXT: Record<GroupName, GroupName> = {
  all: 'customer', customer: 'route', api_key: 'route', route: 'customer', module: 'route', status: 'route', outcome: 'route',
};

/** Where choosing a group leads; null where it leads nowhere, which `whyNot` explains. All others together lead to more of them. */
export function narrowed(by: GroupName, key: string | null, top = FEW): ((before: UsageSearch) => UsageSearch) | null {
  if (key === null && top < MANY) return (before) => ({ ...before, top: MANY });
  const filter = filterOf(by, key);
  return filter && ((before) => ({ ...before, ...filter, by: NEXT[by] }));
}

/** Why a group can't be chosen. */
export function whyNot(by: GroupName, key: string | null): string {
  if (key === null) return `No more than ${MANY} are told apart. Filter by something else first, or choose a shorter time.`;
  return `These requests have no ${GROUPS[by].toLowerCase()} that one could filter by.`;
}
