import { Tooltip } from '@mantine/core';
import { ago, exactTime, NOTHING, zone } from './format';
import { useNow } from './useNow';

/** A moment as people speak of it, exact with its zone on hover and focus. */
export function When({ at, empty = NOTHING }: { at: string | null | undefined; empty?: string }) {
  const now = useNow();
  if (!at) return <span>{empty}</span>;
  // What has just happened is younger than the page's clock, and not in the future.
  return (
    <Tooltip label={`${exactTime(at)} (${zone})`}>
      <time dateTime={at} tabIndex={-1}>
        {ago(at, Date.parse(at) > now ? Math.max(now, Date.now()) : now)}
      </time>
    </Tooltip>
  );
}

/** A moment to the second, with its zone. */
export function WhenExactly({ at }: { at: string | null | undefined }) {
  return at ? <time dateTime={at}>{exactTime(at)}</time> : <span>{NOTHING}</span>;
}
