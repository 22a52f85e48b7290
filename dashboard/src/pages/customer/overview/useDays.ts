import { useMemo } from 'react';
import type { Schema } from '@/api/client';

const DAY = 86_400_000;

/** The days of a span of usage, one after the other: those without a request, too. */
export function useDays(usage: Schema<'UsageView'>) {
  return useMemo(() => {
    const known = new Map(usage.by_day.map((day) => [day.date, day]));
    const days: string[] = [];
    const end = Date.parse(usage.until);
    // A day of the listing is one in UTC.
    for (let day = Math.floor(Date.parse(usage.from) / DAY) * DAY; day < end; day += DAY) days.push(new Date(day).toISOString());
    const of = (day: string) => known.get(day.slice(0, 10));
    return {
      at: days,
      requests: days.map((day) => of(day)?.requests ?? 0),
      failed: days.map((day) => of(day)?.failed ?? 0),
    };
  }, [usage]);
}
