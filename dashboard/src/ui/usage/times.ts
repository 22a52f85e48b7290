import type { Schema } from '@/api/client';
import type { Pane, Series } from '../Chart';
import { milliseconds } from '../format';

/** What the API calls the percentiles. */
export const PERCENTILES = { p50: 'p50_response_time_ms', p95: 'p95_response_time_ms', p99: 'p99_response_time_ms' } as const;

export type Percentile = keyof typeof PERCENTILES;

type Points = Schema<'SeriesView'>['groups'][number]['points'];

/** A pane beneath a chart of requests: how fast they were answered. */
export const paneOfTimes = (label: string, series: Series[]): Pane => ({ label, series, unit: milliseconds, height: 120 });

/** The same of all requests together, by percentile. */
export function timesOf(points: Points): Pane {
  const one = (key: Percentile, colour: number): Series => ({ key, label: key, colour, values: points.map((point) => point[PERCENTILES[key]]) });
  return paneOfTimes('Response time', [one('p50', 8), one('p95', 6), one('p99', 3)]);
}
