import { count, many } from './format';

type Found = {
  shown: number;
  /** All that the filter finds, if it is known. */
  total?: number;
  hasAfter: boolean;
  /** Which page of the listing it is; undefined for one that a link led to. */
  page: number | undefined;
  /** What one row is: customer. */
  noun: string;
};

/** What a filter, a search or the turn of a page found: 50 of 10,000 customers. */
export function foundText({ shown, total, hasAfter, page, noun }: Found): string {
  if (shown === 0) return `No ${noun} is like that`;
  const rows = total === undefined ? `${many(shown, noun)}${hasAfter ? ', and more after them' : ''}` : `${count(shown)} of ${many(total, noun)}`;
  return page === 1 ? rows : `${page === undefined ? 'A later page' : `Page ${count(page)}`}: ${rows}`;
}
