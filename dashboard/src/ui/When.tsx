import { Tooltip } from '@mantine/core';
import { useState } from 'react';
import { ago, exactTime, NOTHING, zone } from './format';
import { useNow } from './useNow';

/** A moment as people speak of it, exact with its zone on hover and focus. */
export function When({ at, empty = NOTHING }: { at: string | null | undefined; empty?: string }) {
  const now = useNow();
  const [near, setNear] = useState(false);
  if (!at) return <span>{empty}</span>;
  const time = (
    <time dateTime={at} tabIndex={-1} onPointerEnter={() => setNear(true)} onFocus={() => setNear(true)}>
      {ago(at, isPast(at) ? Math.max(now, Date.parse(at)) : now)}
    </time>
  );
  // A table has hundreds of them: the tip comes into being when somebody looks at one.
  return near ? <Tooltip label={`${exactTime(at)} (${zone})`}>{time}</Tooltip> : time;
}

// The clock of the page moves in steps: what just happened isn't ahead of it.
const isPast = (at: string) => Date.parse(at) <= Date.now();

/** A moment to the second, with its zone. */
export function WhenExactly({ at }: { at: string | null | undefined }) {
  return at ? <time dateTime={at}>{exactTime(at)}</time> : <span>{NOTHING}</span>;
}
