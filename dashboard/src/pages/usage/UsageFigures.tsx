import { bytes, compact, milliseconds, share } from '@/ui/format';
import { Figure, Figures } from '@/ui/Figure';
import { type Usage, useSeries } from './useUsage';

/** The span in numbers, beside the one before. */
export function UsageFigures({ usage }: { usage: Usage }) {
  const { data } = useSeries(usage);
  const now = data?.total;
  const before = data?.previous;
  const fails = now && now.requests > 0 ? now.failed / now.requests : undefined;
  const failed = before && before.requests > 0 ? before.failed / before.requests : undefined;
  const time = (name: 'p50' | 'p95' | 'p99') => {
    const [value, earlier] = [now?.[`${name}_response_time_ms`], before?.[`${name}_response_time_ms`]];
    return <Figure label={`Response time, ${name}`} value={milliseconds(value)} now={value} before={earlier} more="bad" />;
  };
  return (
    <Figures>
      <Figure label="Requests" value={compact(now?.requests)} now={now?.requests} before={before?.requests} />
      <Figure label="Refused or failed" value={share(fails)} now={fails} before={failed} more="bad" />
      {time('p50')}
      {time('p95')}
      {time('p99')}
      <Figure label="Sent to customers" value={bytes(now?.response_size_bytes)} now={now?.response_size_bytes} before={before?.response_size_bytes} />
    </Figures>
  );
}
