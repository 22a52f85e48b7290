import { dayOf, minuteOf } from './format';

const DAY = 86_400;
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const date = new Intl.DateTimeFormat('en-GB', { month: 'short', day: 'numeric' });
const month = new Intl.DateTimeFormat('en-GB', { month: 'short' });

const isMidnight = (at: Date) => at.getHours() === 0 && at.getMinutes() === 0;

/** What a point of a chart stands for: 29 Nov, 03:10 – 03:15; a whole day as the day. */
export function pointLabel(at: string, seconds: number): string {
  const from = new Date(at);
  if (seconds === DAY && isMidnight(from)) return dayOf(from);
  const until = new Date(from.getTime() + seconds * 1000);
  const sameDay = from.toDateString() === until.toDateString() || (isMidnight(until) && seconds < DAY);
  return `${minuteOf(from)} – ${sameDay ? clock.format(until) : minuteOf(until)}`;
}

/** The labels of an axis of times (in seconds) whose marks are so far apart: hours, days or months, and what begins with them. */
export function axisLabels(splits: readonly number[], apart: number): string[] {
  return splits.map((split) => {
    const at = new Date(split * 1000);
    if (apart >= 28 * DAY) return at.getMonth() === 0 ? String(at.getFullYear()) : month.format(at);
    return apart >= DAY || isMidnight(at) ? date.format(at) : clock.format(at);
  });
}
