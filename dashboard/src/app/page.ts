import type { Icon } from '@tabler/icons-react';
import type { AnyRoute } from '@tanstack/react-router';
import type { Operation } from '@/api/useOperation';
import type { Right } from '@/session/session';

/** A page: one folder below `pages/`, and one line in `navigation.ts`. */
export type Page = {
  /** Where it is, what it is called, and how it is reached from the keyboard: `g` and then this letter. None for a page of something that
      is found on another page. */
  entry?: Entry;
  /** The right without which the page isn't offered; everybody who is signed in sees one without. */
  right?: Right;
  /** Its addresses. */
  routes: readonly AnyRoute[];
  /** Its parts, for the command palette; of the customer whose page one is on, too. */
  places?: (here: Here) => readonly Place[];
  /** What can be done from anywhere, in the command palette; with the customer whose page one is on, too. */
  actions?: (here: Here) => readonly Action[];
};

/** A line of the navigation. */
export type Entry = { to: string; label: string; icon: Icon; letter: string };

/** What is looked at: the customer whom the present address names, or one whom the palette found; the operation that is shown. */
export type Here = { customer?: string; operation?: Operation };

/** A part of a page that can be gone to. */
export type Place = { label: string; to: string; params?: Record<string, string>; right?: Right };

/** What can be done, and where: a page opens what its address asks for (`?act=…`). */
export type Action = Place & {
  search?: Record<string, unknown>;
  /** Other words by which one looks for it. */
  also?: string;
  /** A file that is fetched, instead of going anywhere. */
  file?: string;
};
