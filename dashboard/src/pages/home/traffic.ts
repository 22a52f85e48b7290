import type { Schema } from '@/api/client';
import type { Series } from '@/ui/Chart';
import type { Range } from '@/ui/range';

type Points = Schema<'SeriesView'>['groups'][number]['points'];

/** The range as the addresses of pages say it. */
export const addressOf = (range: Range): Record<string, unknown> => (range.name ? { range: range.name } : { from: range.from, until: range.until });

/** Requests by how they ended, the worst at the bottom, where it can be compared. */
export function byOutcome(points: Points): Series[] {
  return [
    { key: 'failed', label: 'Failed (5xx)', tone: 'bad', values: points.map((point) => point.server_errors) },
    { key: 'refused', label: 'Refused (4xx)', tone: 'warn', values: points.map((point) => point.client_errors) },
    { key: 'answered', label: 'Answered', colour: 1, values: points.map((point) => point.requests - point.failed) },
  ];
}

/** How fast requests were answered. */
export function percentiles(points: Points): Series[] {
  return [
    { key: 'p50', label: 'p50', colour: 8, values: points.map((point) => point.p50_response_time_ms) },
    { key: 'p95', label: 'p95', colour: 6, values: points.map((point) => point.p95_response_time_ms) },
    { key: 'p99', label: 'p99', colour: 3, values: points.map((point) => point.p99_response_time_ms) },
  ];
}
