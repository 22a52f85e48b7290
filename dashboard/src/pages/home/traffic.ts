import type { Schema } from '@/api/client';
import type { Series } from '@/ui/Chart';
import type { Range } from '@/ui/range';

type Usage = Schema<'SeriesView'>;

/** The range as the addresses of pages say it. */
export const addressOf = (range: Range): Record<string, unknown> => (range.name ? { range: range.name } : { from: range.from, until: range.until });

/** How many requests were answered with 500 and more. */
export const ownFailures = (byStatus: Usage) => byStatus.groups.filter((group) => Number(group.key) >= 500).reduce((sum, group) => sum + group.total.requests, 0);

// The worst at the bottom, where it can be compared.
const CLASSES: { key: string; label: string; tone?: Series['tone']; has: (status: number) => boolean }[] = [
  { key: 'failed', label: 'Failed (5xx)', tone: 'bad', has: (status) => status >= 500 },
  { key: 'refused', label: 'Refused (4xx)', tone: 'warn', has: (status) => status >= 400 && status < 500 },
  { key: 'answered', label: 'Answered', has: (status) => status < 400 },
];

/** Requests by how they ended. */
export function byOutcome(byStatus: Usage): Series[] {
  const points = byStatus.groups[0]?.points.length ?? 0;
  return CLASSES.map(({ key, label, tone, has }) => {
    const groups = byStatus.groups.filter((group) => has(Number(group.key ?? 0)));
    const values = Array.from({ length: points }, (_, place) => groups.reduce((sum, group) => sum + (group.points[place]?.requests ?? 0), 0));
    return { key, label, tone, colour: tone ? undefined : 1, values };
  });
}

/** How fast requests were answered. */
export function percentiles(points: Usage['groups'][number]['points']): Series[] {
  return [
    { key: 'p50', label: 'p50', colour: 8, values: points.map((point) => point.p50_response_time_ms) },
    { key: 'p95', label: 'p95', colour: 6, values: points.map((point) => point.p95_response_time_ms) },
    { key: 'p99', label: 'p99', colour: 3, values: points.map((point) => point.p99_response_time_ms) },
  ];
}
