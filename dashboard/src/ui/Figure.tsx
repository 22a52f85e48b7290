import type { ReactNode } from 'react';
import classes from './Figure.module.css';
import { compact, share } from './format';

type FigureProps = {
  label: string;
  value: ReactNode;
  /** This period's and the one before's, to compare. */
  now?: number | null;
  before?: number | null;
  /** Whether more is better: colours the comparison. */
  more?: 'good' | 'bad' | 'neither';
  note?: ReactNode;
};

/** A number that is looked at all day, beside what it was in the period before. */
export function Figure({ label, value, now, before, more = 'neither', note }: FigureProps) {
  return (
    <div className={classes.figure}>
      <dt className={classes.label}>{label}</dt>
      <dd className={classes.value}>{value}</dd>
      <dd className={classes.note}>
        {now != null && before != null && <Comparison now={now} before={before} more={more} />}
        {note}
      </dd>
    </div>
  );
}

function Comparison({ now, before, more }: { now: number; before: number; more: 'good' | 'bad' | 'neither' }) {
  const difference = now - before;
  const feels = difference === 0 || more === 'neither' ? 'quiet' : difference > 0 === (more === 'good') ? 'ok' : 'bad';
  const arrow = difference > 0 ? '▲' : difference < 0 ? '▼' : '=';
  const by = before === 0 ? (difference === 0 ? 'as before' : 'none before') : share(Math.abs(difference) / Math.abs(before));
  return (
    <span data-tone={feels} title={`before: ${compact(before)}`}>
      {arrow} {difference === 0 ? 'as before' : by} <span className={classes.quiet}>vs period before</span>
    </span>
  );
}

/** Figures in a row, with rules between them. */
export const Figures = ({ children }: { children: ReactNode }) => <dl className={classes.figures}>{children}</dl>;
