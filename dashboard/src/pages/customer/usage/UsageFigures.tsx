import { queries } from '@/api/client';
import { Figure, Figures } from '@/ui/Figure';
import { bytes, compact, milliseconds, share } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import type { UsageFilter } from './filter';

/** The span in a few numbers, beside the one before. */
export function UsageFigures({ filter }: { filter: UsageFilter }) {
  const query = queries.useQuery('get', '/api/admin/usage/series', { params: { query: filter } });
  if (query.data === undefined) {
    return (
      <Panel flush>
        <Loaded query={query}>{() => null}</Loaded>
      </Panel>
    );
  }
  const { total, previous: before } = query.data;
  const failing = (totals: { requests: number; failed: number }) => (totals.requests === 0 ? null : totals.failed / totals.requests);
  return (
    <Figures>
      <Figure label="Requests" value={compact(total.requests)} now={total.requests} before={before?.requests} />
      <Figure label="Refused or failed" value={share(failing(total))} now={failing(total)} before={before && failing(before)} more="bad" note={total.requests === 0 ? 'nothing was asked for' : undefined} />
      <Figure label="Half answered within" value={milliseconds(total.p50_response_time_ms)} now={total.p50_response_time_ms} before={before?.p50_response_time_ms} more="bad" />
      <Figure label="95 % within" value={milliseconds(total.p95_response_time_ms)} now={total.p95_response_time_ms} before={before?.p95_response_time_ms} more="bad" />
      <Figure label="99 % within" value={milliseconds(total.p99_response_time_ms)} now={total.p99_response_time_ms} before={before?.p99_response_time_ms} more="bad" />
      <Figure label="Sent to them" value={bytes(total.response_size_bytes)} now={total.response_size_bytes} before={before?.response_size_bytes} />
    </Figures>
  );
}
