import { Figure, Figures } from '../Figure';
import { bytes, compact, milliseconds, share } from '../format';
import { type Percentile, PERCENTILES } from './times';
import { failing, type Totals } from './totals';

type UsageFiguresProps = {
  /** All of the span. */
  now: Totals | undefined;
  /** What of it is over, which is held against the span before: a day that has only begun would look like a fall. */
  compared: Totals | undefined;
  before: Totals | undefined;
};

/** A span in numbers, beside the one before. */
export function UsageFigures({ now, compared, before }: UsageFiguresProps) {
  const time = (name: Percentile) => {
    const at = PERCENTILES[name];
    return <Figure label={`Response time, ${name}`} value={milliseconds(now?.[at])} now={compared?.[at]} before={before?.[at]} more="bad" />;
  };
  return (
    <Figures>
      <Figure label="Requests" value={compact(now?.requests)} now={compared?.requests} before={before?.requests} />
      <Figure label="Refused or failed" value={share(failing(now))} now={failing(compared)} before={failing(before)} more="bad" note={now?.requests === 0 ? 'nothing was asked for' : undefined} />
      {time('p50')}
      {time('p95')}
      {time('p99')}
      <Figure label="Sent in answers" value={bytes(now?.response_size_bytes)} now={compared?.response_size_bytes} before={before?.response_size_bytes} />
    </Figures>
  );
}
