import type { Schema } from '@/api/client';
import type { Series } from '@/ui/Chart';

type Points = Schema<'SeriesView'>['groups'][number]['points'];

/** Requests by how they ended, the worst at the bottom, where it can be compared. */
export function byOutcome(points: Points): Series[] {
  return [
    { key: 'failed', label: 'Failed (5xx)', tone: 'bad', values: points.map((point) => point.server_errors) },
    { key: 'refused', label: 'Refused (4xx)', tone: 'warn', values: points.map((point) => point.client_errors) },
    { key: 'answered', label: 'Answered', colour: 1, values: points.map((point) => point.requests - point.failed) },
  ];
}
