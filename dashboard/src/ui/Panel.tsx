import { type ReactNode, useId } from 'react';
import { Guard } from './Guard';
import classes from './Panel.module.css';

type PanelProps = {
  title?: ReactNode;
  /** What the panel shows and over which time, in a few words. */
  note?: ReactNode;
  /** Buttons and switches at the right of the title. */
  actions?: ReactNode;
  /** Without padding, for tables. */
  flush?: boolean;
  children: ReactNode;
};

/** A ruled part of a page. What breaks inside of it stays inside. */
export function Panel({ title, note, actions, flush = false, children }: PanelProps) {
  const id = useId();
  return (
    <section className={classes.panel} aria-labelledby={title ? id : undefined}>
      {(title || actions) && (
        <header className={classes.head}>
          <div className={classes.names}>
            {title && (
              <h2 id={id} className={classes.title}>
                {title}
              </h2>
            )}
            {note && <p className={classes.note}>{note}</p>}
          </div>
          {actions && <div className={classes.actions}>{actions}</div>}
        </header>
      )}
      <div className={flush ? classes.flush : classes.body}>
        <Guard>{children}</Guard>
      </div>
    </section>
  );
}
