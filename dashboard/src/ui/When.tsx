import { exactTimes } from './exactTimes';
import { ago, exactTime, NOTHING, zone } from './format';
import { Hint } from './Hint';
import { useNow } from './useNow';

/** A moment as people speak of it, exact with its zone to whoever points at it; the other way round where exact times were chosen. */
export function When({ at, empty = NOTHING }: { at: string | null | undefined; empty?: string }) {
  const now = useNow();
  const isExact = exactTimes.use();
  if (!at) return <span>{empty}</span>;
  const spoken = ago(at, isPast(at) ? Math.max(now, Date.parse(at)) : now);
  return (
    <Hint label={isExact ? spoken : `${exactTime(at)} (${zone})`}>
      <time dateTime={at}>{isExact ? exactTime(at) : spoken}</time>
    </Hint>
  );
}

// The clock of the page moves in steps: what just happened isn't ahead of it.
const isPast = (at: string) => Date.parse(at) <= Date.now();

/** A moment to the second, with its zone. */
export function WhenExactly({ at }: { at: string | null | undefined }) {
  return at ? <time dateTime={at}>{exactTime(at)}</time> : <span>{NOTHING}</span>;
}
