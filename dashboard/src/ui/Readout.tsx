import classes from './Chart.module.css';
import { colourOf, type Pane, unitOf } from './chart-data';
import { pointLabel } from './moments';

type ReadoutProps = { at: readonly string[]; panes: readonly Pane[]; length: number; place: number; hint?: string };

/** The values at the cursor. Screen readers are told them as the value of the chart's slider. */
export function Readout({ at, panes, length, place, hint }: ReadoutProps) {
  const share = (place + 0.5) / at.length;
  return (
    <div className={classes.readout} data-side={share > 0.5 ? 'left' : 'right'} style={{ '--share': share } as React.CSSProperties} aria-hidden>
      <p>{pointLabel(at[place] ?? '', length)}</p>
      {panes.map((pane) => (
        <dl key={pane.label}>
          {pane.series.map((one, order) => (
            <div key={one.key} style={{ '--mark': colourOf(one, order) } as React.CSSProperties}>
              <dt>{one.label}</dt>
              <dd>{unitOf(pane)(one.values[place])}</dd>
            </div>
          ))}
        </dl>
      ))}
      {hint && <p className={classes.hint}>Click or Enter: {hint}</p>}
    </div>
  );
}

/** The same in one line. */
export function readoutText(at: readonly string[], panes: readonly Pane[], length: number, place: number): string {
  const values = panes.flatMap((pane) => pane.series.map((one) => `${one.label} ${unitOf(pane)(one.values[place])}`));
  return `${pointLabel(at[place] ?? '', length)}: ${values.join(', ')}`;
}
