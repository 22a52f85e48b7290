import { type ReactNode, useEffect } from 'react';
import classes from './PageHeader.module.css';

type PageHeaderProps = {
  title: string;
  /** What stands beside the title: a status, an id. */
  beside?: ReactNode;
  note?: ReactNode;
  actions?: ReactNode;
};

/** The id of a page’s title, by which the page is called. */
export const TITLE = 'title';

/** The head of a page; also names the browser's tab. */
export function PageHeader({ title, beside, note, actions }: PageHeaderProps) {
  useEffect(() => {
    document.title = `${title} · Sixty`;
  }, [title]);
  return (
    <header className={classes.head}>
      <div className={classes.names}>
        <div className={classes.line}>
          <h1 id={TITLE} className={classes.title}>{title}</h1>
          {beside}
        </div>
        {note && <div className={classes.note}>{note}</div>}
      </div>
      {actions && <div className={classes.actions}>{actions}</div>}
    </header>
  );
}
