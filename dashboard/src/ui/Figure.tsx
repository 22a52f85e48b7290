import { Link } from '@tanstack/react-router';
import { type ReactNode, useId } from 'react';
import classes from './Figure.module.css';
import { share } from './format';

type FigureProps = {
  label: string;
  value: ReactNode;
  /** This period's and the one before's, to compare. */
  now?: number | null;
  before?: number | null;
  /** Whether more is better: colours the comparison. */
  more?: 'good' | 'bad' | 'neither';
  note?: ReactNode;
  /** Where the figure can be understood: the whole of it leads there. */
  to?: string;
  search?: Record<string, unknown>;
};

/** A number that is looked at all day, beside what it was in the period before. */
export function Figure({ label, value, now, before, more = 'neither', note, to, search }: FigureProps) {
  const id = useId();
  const compares = now != null && before != null;
  return (
    <div className={classes.figure}>
      <dt className={classes.label} id={`${id}-label`}>
        {label}
      </dt>
      <dd className={classes.value}>
        {to ? (
          <Link to={to} search={search as never} id={`${id}-value`} aria-labelledby={`${id}-label ${id}-value`} className={classes.link}>
            {value}
          </Link>
        ) : (
          value
        )}
      </dd>
      <dd className={classes.note}>
        {compares && <Comparison now={now} before={before} more={more} />}
        {note && <span className={compares ? classes.below : undefined}>{note}</span>}
      </dd>
    </div>
  );
}

function Comparison({ now, before, more }: { now: number; before: number; more: 'good' | 'bad' | 'neither' }) {
  const difference = now - before;
  const feels = difference === 0 || more === 'neither' ? 'quiet' : difference > 0 === (more === 'good') ? 'ok' : 'bad';
  const arrow = difference > 0 ? '▲' : difference < 0 ? '▼' : '=';
  const by = before === 0 || difference === 0 ? '' : share(Math.abs(difference) / Math.abs(before));
  const against = difference === 0 ? 'as in the period before' : before === 0 ? 'none in the period before' : 'vs period before';
  return (
    <span data-tone={feels}>
      {arrow} {by} <span className={classes.quiet}>{against}</span>
    </span>
  );
}

/** Figures in a row, with rules between them. */
export const Figures = ({ children }: { children: ReactNode }) => <dl className={classes.figures}>{children}</dl>;
