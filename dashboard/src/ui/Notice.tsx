import type { ReactNode } from 'react';
import classes from './Notice.module.css';

type NoticeProps = { title: ReactNode; tone?: 'ok' | 'warn' | 'bad' | 'quiet'; children?: ReactNode };

/** Something that must be seen before the rest of the page is read. */
export function Notice({ title, tone = 'quiet', children }: NoticeProps) {
  return (
    <div className={classes.notice} data-tone={tone} role={tone === 'bad' ? 'alert' : 'status'}>
      <p className={classes.title}>{title}</p>
      {children}
    </div>
  );
}
