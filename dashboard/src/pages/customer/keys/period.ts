import { dayIn, minuteOf, monthIn } from '@/ui/format';

/** A month, an hour. */
export const periodOf = (period: string) => `${period === 'hour' ? 'an' : 'a'} ${period}`;

/** The periods of a limit, to choose from. */
export const periods = (['minute', 'hour', 'day', 'month'] as const).map((value) => ({ value, label: periodOf(value) }));

/** Whether a period begins by the customer's clocks: days and months do, minutes and hours are the same everywhere. */
export const isOfDays = (period: string) => period === 'day' || period === 'month';

/** The period that begins then, as people call it: a day and a month by the customer's clocks, else the minute by the browser's. */
export function periodLabel(at: string, period: string, timeZone: string): string {
  if (period === 'month') return monthIn(at, timeZone);
  return period === 'day' ? dayIn(at, timeZone) : minuteOf(at);
}
