import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';

// The pages before one that was turned to, by what the address says of it. A link that somebody sent knows none: from there, it goes
// back to the first page.
const before = new Map<string, readonly string[]>();

/**
 * The page of a listing that the address names (`?page=…`), so that Back from what was opened leads to it again, and a link shows it.
 * The listing begins anew when `key` (filter, sort) changes. What opens over a listing has another `name` for its own, and no step of the
 * browser's history for each of its pages: one back from where it was closed would open it again.
 */
export function usePages(key: string, name = 'page') {
  const page = (useSearch({ strict: false }) as Record<string, unknown>)[name];
  const navigate = useNavigate();
  const mark = markOf(key);
  const given = typeof page === 'string' ? page : undefined;
  const cursor = cursorIn(given, mark);
  const turn = (next: string | undefined, replace = name !== 'page') =>
    void navigate({ to: '.', search: ((search: object) => ({ ...search, [name]: next })) as never, replace, resetScroll: false });
  const isOfAnother = page !== undefined && cursor === undefined;
  useEffect(() => {
    // Of another filter: it would come back with it.
    if (isOfAnother) turn(undefined, true);
  }, [isOfAnother]);
  return {
    /** What is asked: another filter or page is another question. */
    question: `${mark}.${cursor ?? ''}`,
    /** Which page it is; undefined for one that a link led to. */
    page: cursor === undefined ? 1 : pageOf(given),
    /** What the server is asked for; undefined is the first page. */
    cursor,
    hasBefore: cursor !== undefined,
    before: () => turn(before.get(given ?? '')?.at(-1)),
    after: (next: string) => {
      // Turned to already, and not there yet.
      if (next === cursor) return;
      const to = `${mark}.${next}`;
      before.set(to, cursor === undefined || given === undefined ? [] : [...(before.get(given) ?? []), given]);
      turn(to);
    },
  };
}

/** The first page turned to is the second one. */
const pageOf = (given: string | undefined) => {
  const turned = before.get(given ?? '');
  return turned && turned.length + 2;
};

/** Where one is in a listing, and how to turn its pages. */
export type PagesState = ReturnType<typeof usePages>;

/** A short mark of a filter: a page of another one's listing is none of this. */
export function markOf(key: string): string {
  let hash = 0x811c9dc5;
  for (const character of key) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0).toString(36);
}

/** The cursor in what the address says, if it is of this filter. */
export function cursorIn(page: string | undefined, mark: string): string | undefined {
  const [of, ...cursor] = page?.split('.') ?? [];
  return of === mark && cursor.length > 0 ? cursor.join('.') : undefined;
}
