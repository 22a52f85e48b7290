import { compact } from './format';

/** One line of a chart: a value for each moment of the chart. */
export type Series = {
  key: string;
  label: string;
  values: readonly (number | null)[];
  tone?: 'bad' | 'warn' | 'rest';
  /** Which of the eight colours of lines; by its place when left out. */
  colour?: number;
};

/** What is drawn on one scale of values. */
export type Pane = {
  label: string;
  series: readonly Series[];
  unit?: (value: number | null | undefined) => string;
  height?: number;
  /** Bars for counts of spans, lines for measures, steps for what stays as it is until it changes. */
  kind?: 'bars' | 'lines' | 'steps';
  /** Bars on top of each other, the first series at the bottom. */
  stacked?: boolean;
};

/** The colour of a line, as a token. */
export function colourOf(series: Pick<Series, 'tone' | 'colour'>, place: number): string {
  if (series.tone === 'bad') return 'var(--series-5)';
  if (series.tone === 'warn') return 'var(--series-2)';
  if (series.tone === 'rest') return 'var(--series-rest)';
  return `var(--series-${series.colour ?? (place % 8) + 1})`;
}

export const unitOf = (pane: Pane) => pane.unit ?? compact;

/** How long a point is: as was said, or as far as the next one is. */
export function lengthOf(at: readonly string[], seconds?: number): number {
  if (seconds) return seconds;
  const [first, second] = at;
  return first && second ? (Date.parse(second) - Date.parse(first)) / 1000 : 60;
}

/** The values as they are drawn: of stacked series, each with all that is beneath it. */
export function drawn(pane: Pane): (number | null)[][] {
  if (!pane.stacked) return pane.series.map((one) => [...one.values]);
  const below: number[] = [];
  return pane.series.map((one) => one.values.map((value, place) => (below[place] = (below[place] ?? 0) + (value ?? 0))));
}

/** Whether there is nothing to see. */
export const isEmpty = (panes: readonly Pane[]) => panes.every((pane) => pane.series.every((one) => one.values.every((value) => !value)));
