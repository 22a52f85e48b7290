import { Figure, Figures } from '../Figure';
import { bytes, compact, milliseconds, share } from '../format';
import { type Percentile, PERCENTILES } from './times';
import { failing, type Totals } from './totals';

/** A span in numbers, beside the one before. */
export function UsageFigures({ now, before }: { now: Totals | undefined; before: Totals | undefined }) {
  const time = (name: Percentile) => {
    const [value, earlier] = [now?.[PERCENTILES[name]], before?.[PERCENTILES[name]]];
    return <Figure label={`Response time, ${name}`} value={milliseconds(value)} now={value} before={earlier} more="bad" />;
  };
  return (
    <Figures>
      <Figure label="Requests" value={compact(now?.requests)} now={now?.requests} before={before?.requests} />
      <Figure label="Refused or failed" value={share(failing(now))} now={failing(now)} before={failing(before)} more="bad" note={now?.requests === 0 ? 'nothing was asked for' : undefined} />
      {time('p50')}
      {time('p95')}
      {time('p99')}
      <Figure label="Sent in answers" value={bytes(now?.response_size_bytes)} now={now?.response_size_bytes} before={before?.response_size_bytes} />
    </Figures>
  );
}
