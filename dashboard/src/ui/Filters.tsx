import type { ReactNode } from 'react';
import classes from './Filters.module.css';

/** The fields that filter the table below them. */
export const Filters = ({ label, children }: { label: string; children: ReactNode }) => (
  <div className={classes.filters} role="search" aria-label={label}>
    {children}
  </div>
);
