import type { ReactNode } from 'react';
import classes from './states.module.css';

/** What was answered before under another filter or for another page, until the answer is there: it looks like that. */
export const Stale = ({ when = false, children }: { when?: boolean; children: ReactNode }) => (
  <div aria-busy={when || undefined} data-stale={when || undefined} className={classes.shown}>
    {children}
  </div>
);
