import { SegmentedControl, useComputedColorScheme } from '@mantine/core';
import { useMemo, useState } from 'react';
import { ChartTable } from './ChartTable';
import { Legend } from './ChartLegend';
import type { Pane } from './chart-data';
import classes from './Chart.module.css';
import { busy, part } from './part';

export { colourOf } from './chart-data';
export type { Pane, Series } from './chart-data';

/** What draws charts. */
export const Lines = part(() => import('./Lines'), busy);

/** How high an axis of times is, so that nothing moves when the drawing arrives. */
const AXIS = 26;
const HEIGHT = 180;

export type ChartProps = Omit<Pane, 'height'> & {
  /** What the chart shows, for whoever doesn't see it. */
  label: string;
  /** The moments, RFC 3339: the beginning of each point. */
  at: readonly string[];
  height?: number;
  /** How long a point is, in seconds; as far as the next one when left out. */
  seconds?: number;
  /** More over the same moments, drawn beneath with the same axis of times. */
  beneath?: Pane;
  /** What is said when there is nothing to draw. */
  empty?: string;
  /** Called with the places of the first and the last moment that were chosen: by a click, by dragging, by Enter. */
  onChoose?: (first: number, last: number) => void;
  /** What choosing does, in a few words: `show these requests`. */
  chooses?: string;
};

/** Values over time: drawn, or as a table. */
export function Chart(props: ChartProps) {
  const { label, at, series, unit, height = HEIGHT, kind, stacked, seconds, beneath, empty = 'Nothing in this span', onChoose, chooses } = props;
  const [shows, setShows] = useState<'chart' | 'table'>('chart');
  const scheme = useComputedColorScheme('light');
  const panes = useMemo(
    () => [{ label, series, unit, height, kind, stacked }, ...(beneath ? [{ height: 110, ...beneath }] : [])],
    [label, series, unit, height, kind, stacked, beneath],
  );
  const whole = panes.reduce((sum, pane) => sum + (pane.height ?? HEIGHT), AXIS) + (beneath ? 22 : 0);
  return (
    <figure className={classes.figure} aria-label={label}>
      <figcaption className={classes.head}>
        <Legend series={series} kind={kind} />
        <SegmentedControl
          size="xs"
          aria-label={`How to show: ${label}`}
          value={shows}
          onChange={(value) => setShows(value as 'chart' | 'table')}
          data={[
            { value: 'chart', label: 'Chart' },
            { value: 'table', label: 'Table' },
          ]}
        />
      </figcaption>
      <div style={{ minHeight: whole }}>
        {shows === 'chart' ? (
          <Lines key={scheme} label={label} at={at} panes={panes} seconds={seconds} empty={empty} onChoose={onChoose} chooses={chooses} />
        ) : (
          <ChartTable label={label} at={at} seconds={seconds} panes={panes} height={whole} />
        )}
      </div>
    </figure>
  );
}
