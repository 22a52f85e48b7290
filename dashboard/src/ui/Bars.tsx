import type { ReactNode } from 'react';
import classes from './Bars.module.css';
import { count } from './format';

export type Bar = { key: string; label: ReactNode; value: number; note?: ReactNode };

/** Amounts beside each other, as long as they are large. It is a table too: every amount stands there as a number. */
export function Bars({ bars, label, most, unit = count }: { bars: readonly Bar[]; label: string; most?: number; unit?: (value: number) => string }) {
  const longest = most ?? Math.max(1, ...bars.map((bar) => bar.value));
  return (
    <ul className={classes.bars} aria-label={label}>
      {bars.map((bar) => (
        <li key={bar.key}>
          <span className={classes.label}>{bar.label}</span>
          <span className={classes.value}>
            {unit(bar.value)} {bar.note && <span className={classes.note}>{bar.note}</span>}
          </span>
          <span className={classes.track} aria-hidden>
            <span style={{ width: `${Math.min(100, (bar.value / longest) * 100)}%` }} />
          </span>
        </li>
      ))}
    </ul>
  );
}
