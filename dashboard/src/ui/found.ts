import { count, exactTime, many } from './format';

type Found = {
  shown: number;
  /** All that the filter finds, if it is known. */
  total?: number;
  hasAfter: boolean;
  /** Which page of the listing it is; undefined for one that a link led to. */
  page: number | undefined;
  /** What one row is: customer. */
  noun: string;
  /** How far was looked, where not everything was. */
  looked?: Looked;
};

/** How far a listing looked that answers before its page is full; without a moment where that isn't known. */
export type Looked = { backTo: string | undefined };

/** What a filter, a search or the turn of a page found: 50 of 10,000 customers. */
export function foundText(found: Found): string {
  const { page } = found;
  return page === 1 ? rowsText(found) : `${page === undefined ? 'A later page' : `Page ${count(page)}`}: ${rowsText(found)}`;
}

function rowsText({ shown, total, hasAfter, page, noun, looked }: Found): string {
  if (looked) return shown === 0 ? noneSoFar(looked, page) : `${many(shown, noun)} so far. ${lookedText(looked)}`;
  // The pages before it may have had some.
  if (shown === 0) return page === 1 ? `No ${noun} is like that` : `No further ${noun} is like that`;
  return total === undefined ? `${many(shown, noun)}${hasAfter ? ', and more after them' : ''}` : `${count(shown)} of ${many(total, noun)}`;
}

/** Looked back to 29 Nov 2026, 03:12:45 UTC. */
export const lookedText = ({ backTo }: Looked) => (backTo === undefined ? 'Not everything was looked through' : `Looked back to ${exactTime(backTo)}`);

/** The same of a page without a row. */
export const noneSoFar = (looked: Looked, page: number | undefined) => `${lookedText(looked)}; ${page === 1 ? 'none' : 'no more'} so far`;
