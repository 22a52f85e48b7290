import { ago, exactTime, NOTHING, zone } from './format';
import { Hint } from './Hint';
import { useNow } from './useNow';

/** A moment as people speak of it, exact with its zone on hover and focus. */
export function When({ at, empty = NOTHING }: { at: string | null | undefined; empty?: string }) {
  const now = useNow();
  if (!at) return <span>{empty}</span>;
  return (
    <Hint label={`${exactTime(at)} (${zone})`}>
      <time dateTime={at} tabIndex={-1}>
        {ago(at, isPast(at) ? Math.max(now, Date.parse(at)) : now)}
      </time>
    </Hint>
  );
}

// The clock of the page moves in steps: what just happened isn't ahead of it.
const isPast = (at: string) => Date.parse(at) <= Date.now();

/** A moment to the second, with its zone. */
export function WhenExactly({ at }: { at: string | null | undefined }) {
  return at ? <time dateTime={at}>{exactTime(at)}</time> : <span>{NOTHING}</span>;
}
