import { useNow } from '@/ui/useNow';

/** A time zone, and what time it is there: whether one can call. */
export function LocalTime({ zone }: { zone: string }) {
  const now = useNow();
  return (
    <>
      {zone}, where it is {timeIn(zone, now)}
    </>
  );
}

function timeIn(zone: string, now: number): string {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: zone, weekday: 'short', hour: '2-digit', minute: '2-digit' }).format(now);
  } catch {
    // The server knows zones that an older browser doesn't.
    return 'a time that this browser doesn’t know';
  }
}
