import { useState } from 'react';

/** The cursors of the pages so far: the listing begins anew when `key` (filter, sort) changes. */
export function usePages(key: string) {
  const [state, setState] = useState<{ key: string; cursors: string[] }>({ key, cursors: [] });
  const cursors = state.key === key ? state.cursors : [];
  return {
    /** What the server is asked for; undefined is the first page. */
    cursor: cursors.at(-1),
    hasBefore: cursors.length > 0,
    before: () => setState({ key, cursors: cursors.slice(0, -1) }),
    after: (next: string) => setState({ key, cursors: [...cursors, next] }),
  };
}

/** Where one is in a listing, and how to turn its pages. */
export type PagesState = ReturnType<typeof usePages>;
