import type { ReactNode } from 'react';
import classes from './Columns.module.css';

/** What a page is about at the left, what goes with it at the right; below each other where it is narrow. */
export function Columns({ children, aside }: { children: ReactNode; aside: ReactNode }) {
  return (
    <div className={classes.columns}>
      <div className={classes.stack}>{children}</div>
      <div className={classes.stack}>{aside}</div>
    </div>
  );
}

/** Panels below each other. */
export const Stacked = ({ children }: { children: ReactNode }) => <div className={classes.stack}>{children}</div>;
