import classes from './Chart.module.css';
import { lengthOf, type Pane, unitOf } from './chart-data';
import { zone } from './format';
import { pointLabel } from './moments';

type ChartTableProps = { label: string; at: readonly string[]; seconds?: number; panes: readonly Pane[]; height: number };

/** The numbers of a chart, the newest first. */
export function ChartTable({ label, at, seconds, panes, height }: ChartTableProps) {
  const length = lengthOf(at, seconds);
  const columns = panes.flatMap((pane) => pane.series.map((one) => ({ ...one, key: `${pane.label} ${one.key}`, unit: unitOf(pane) })));
  return (
    <div className={classes.table} style={{ height }} tabIndex={0} role="region" aria-label={`${label}, as a table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time ({zone})</th>
            {columns.map((one) => (
              <th key={one.key} scope="col">
                {one.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {at
            .map((moment, place) => (
              <tr key={moment}>
                <th scope="row">{pointLabel(moment, length)}</th>
                {columns.map((one) => (
                  <td key={one.key}>{one.unit(one.values[place])}</td>
                ))}
              </tr>
            ))
            .reverse()}
        </tbody>
      </table>
    </div>
  );
}
