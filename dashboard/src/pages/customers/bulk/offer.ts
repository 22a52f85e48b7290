import { count } from '@/ui/format';

/** How many customers are acted on at once, at most: one after the other, that takes minutes. */
export const MOST = 1000;

type Page = { data: readonly { id: string }[]; total: number };

/** Whether there are more to select than the page has, all of which is selected. */
export const hasMore = ({ data, total }: Page, selected: ReadonlyMap<string, unknown>) => data.length > 0 && total > data.length && data.every(({ id }) => selected.has(id));

/**
 * The order in which all are fetched. By a figure, or by when they were changed, pages would move while they are read, and some would be
 * on none: a selection has no order, but for the first ones of more than may be.
 */
export const fetchedBy = (sort: string, total: number) => (total > MOST ? sort : 'created_at');

/** What selecting all that the filter finds is called: as many as may be. */
export const selectAllLabel = (total: number) =>
  total > MOST ? `Select the first ${count(MOST)} of the ${count(total)} that the filter finds` : `Select all ${count(total)} that the filter finds`;
