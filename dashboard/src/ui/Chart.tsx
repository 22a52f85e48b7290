import { SegmentedControl } from '@mantine/core';
import { useMantineColorScheme } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { compact, exactTime, zone } from './format';
import classes from './Chart.module.css';

const Lines = lazy(() => import('./Lines'));

/** One line of a chart: a value for each moment of the chart. */
export type Series = { key: string; label: string; values: readonly (number | null)[]; tone?: 'bad' | 'rest' };

export type ChartProps = {
  /** What the chart shows, for whoever doesn't see it. */
  label: string;
  /** The moments, RFC 3339. */
  at: readonly string[];
  series: readonly Series[];
  unit?: (value: number | null | undefined) => string;
  height?: number;
  /** Bars for counts of spans, lines for measures. */
  kind?: 'bars' | 'lines';
  /** Called with the place of the moment that was chosen. */
  onChoose?: (place: number) => void;
};

/** Values over time: drawn, or as a table. */
export function Chart(props: ChartProps) {
  const { label, at, series, unit = compact, height = 180 } = props;
  const [shows, setShows] = useState<'chart' | 'table'>('chart');
  const { colorScheme } = useMantineColorScheme();
  return (
    <figure className={classes.figure} aria-label={label}>
      <figcaption className={classes.head}>
        <ul className={classes.legend}>
          {series.map((one, place) => (
            <li key={one.key} style={{ '--mark': colourOf(one, place) } as React.CSSProperties}>
              {one.label}
            </li>
          ))}
        </ul>
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
      {shows === 'chart' ? (
        <Suspense fallback={<div style={{ height }} />}>
          <Lines {...props} key={colorScheme} unit={unit} height={height} />
        </Suspense>
      ) : (
        <div className={classes.table} style={{ maxHeight: height + 60 }} tabIndex={0} role="region" aria-label={`${label}, as a table`}>
          <table>
            <thead>
              <tr>
                <th scope="col">Time ({zone})</th>
                {series.map((one) => (
                  <th key={one.key} scope="col">
                    {one.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {at.map((moment, place) => (
                <tr key={moment}>
                  <th scope="row">{exactTime(moment)}</th>
                  {series.map((one) => (
                    <td key={one.key}>{unit(one.values[place])}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </figure>
  );
}

/** The colour of a line, as a token. */
export function colourOf(series: Series, place: number): string {
  if (series.tone === 'bad') return 'var(--series-5)';
  if (series.tone === 'rest') return 'var(--series-rest)';
  return `var(--series-${(place % 8) + 1})`;
}
