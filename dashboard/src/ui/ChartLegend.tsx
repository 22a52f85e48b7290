import classes from './Chart.module.css';
import { colourOf, type Pane } from './chart-data';

/** Which colour is what. */
export function Legend({ series, kind, title }: Pick<Pane, 'series' | 'kind'> & { title?: string }) {
  return (
    <ul className={classes.legend} data-kind={kind}>
      {title && <li data-title>{title}</li>}
      {series.map((one, place) => (
        <li key={one.key} style={{ '--mark': colourOf(one, place) } as React.CSSProperties}>
          {one.label}
        </li>
      ))}
    </ul>
  );
}
