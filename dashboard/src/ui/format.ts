// Numbers, sizes, money and times as people read them. Everything has its unit; every time has its zone.

const LOCALE = 'en-GB';
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const percentage = new Intl.NumberFormat(LOCALE, { style: 'percent', maximumFractionDigits: 1 });

export const NOTHING = '–';

/** 12,345 */
export const count = (value: number | null | undefined) => (value == null ? NOTHING : whole.format(value));

/** 1 request, 12,345 requests. */
export const many = (amount: number | null | undefined, one: string, several = `${one}s`) => `${count(amount)} ${amount === 1 ? one : several}`;

/** 12.3K, for axes and figures. */
export const compact = (value: number | null | undefined) =>
  value == null ? NOTHING : Math.abs(value) < 10_000 ? whole.format(value) : short.format(value);

/** 12.5 % of one. */
export const share = (value: number | null | undefined) => (value == null ? NOTHING : percentage.format(value));

/** Milliseconds as ms or s. */
export function milliseconds(value: number | null | undefined): string {
  if (value == null) return NOTHING;
  return value < 1000 ? `${value < 10 ? Math.round(value * 10) / 10 : whole.format(value)} ms` : `${(value / 1000).toFixed(2)} s`;
}

/** Bytes as B, kB, MB, GB. */
export function bytes(value: number | null | undefined): string {
  if (value == null) return NOTHING;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size < 10 && unit > 0 ? size.toFixed(1) : whole.format(size)} ${units[unit]}`;
}

/** A decimal amount with its currency: $29.99 USD. */
export function money(amount: string, currency = 'USD'): string {
  const number = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'narrowSymbol' });
  return `${number.format(Number(amount))} ${currency}`;
}

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const exact = new Intl.DateTimeFormat(LOCALE, {
  year: 'numeric', month: 'short', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short',
});
const day = new Intl.DateTimeFormat(LOCALE, { year: 'numeric', month: 'short', day: '2-digit' });
const MINUTE = { month: 'short', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const;
const SECOND = { ...MINUTE, second: '2-digit' } as const;
/** Made when it is first used: the first page, which has most to do, shows few of them. */
function formatter(options: Intl.DateTimeFormatOptions) {
  let made: Intl.DateTimeFormat | undefined;
  return { format: (at: Date) => (made ??= new Intl.DateTimeFormat(LOCALE, options)).format(at) };
}
/** Without the year, and with it. */
const inBoth = (options: Intl.DateTimeFormatOptions) => [formatter(options), formatter({ ...options, year: 'numeric' })] as const;
const [minute, minuteOfYear] = inBoth(MINUTE);
const [second, secondOfYear] = inBoth(SECOND);
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** The zone that all times are shown in: the browser's. */
export const zone = ZONE;
/** 29 Nov 2026, 03:12:45 UTC */
export const exactTime = (at: string | number | Date) => exact.format(new Date(at));
/** 29 Nov 2026 */
export const dayOf = (at: string | number | Date) => day.format(new Date(at));
/** 29 Nov, 03:12; 29 Nov 2025, 03:12 when that isn't this year. */
export const minuteOf = (at: string | number | Date) => (isThisYear(at) ? minute : minuteOfYear).format(new Date(at));

/** 29 Nov, 03:12:45, with the year when it isn't this one: for columns whose head names the zone. */
export const secondOf = (at: string | number | Date) => (isThisYear(at) ? second : secondOfYear).format(new Date(at));

/** 28 Nov, 03:12 – 29 Nov, 03:12 UTC; both with their years unless both are of this one. */
export function between(from: string | number | Date, until: string | number | Date): string {
  const format = isThisYear(from) && isThisYear(until) ? minute : minuteOfYear;
  return `${format.format(new Date(from))} – ${format.format(new Date(until))} ${zone}`;
}

const isThisYear = (at: string | number | Date) => new Date(at).getFullYear() === new Date().getFullYear();

/** 29 Nov 2026, by the clocks of this zone. */
export const dayIn = (at: string | number | Date, timeZone: string) =>
  new Intl.DateTimeFormat(LOCALE, { year: 'numeric', month: 'short', day: '2-digit', timeZone }).format(new Date(at));

/** Nov 2026, by the clocks of this zone. */
export const monthIn = (at: string | number | Date, timeZone: string) =>
  new Intl.DateTimeFormat(LOCALE, { year: 'numeric', month: 'short', timeZone }).format(new Date(at));

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000], ['month', 2_592_000], ['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1],
];

/** 3 minutes ago; in 2 days. */
export function ago(at: string | number | Date, now = Date.now()): string {
  const seconds = Math.round((new Date(at).getTime() - now) / 1000);
  const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
  return relative.format(Math.trunc(seconds / size), unit);
}

/** A span of seconds in its two largest units: 2 min 5 s. */
export function span(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const units: [string, number][] = [['d', 86_400], ['h', 3600], ['min', 60], ['s', 1]];
  const parts: string[] = [];
  let rest = Math.round(seconds);
  for (const [name, size] of units) {
    const number = Math.floor(rest / size);
    rest -= number * size;
    if (number > 0 && parts.length < 2) parts.push(`${number} ${name}`);
  }
  return parts.join(' ');
}

/** 12 days old. */
export const ageOf = (days: number) => (days === 0 ? 'Under a day old' : days === 1 ? '1 day old' : `${count(days)} days old`);

/** crm_core or not_in_plan as words: Crm core. */
export function words(name: string): string {
  const text = name.replaceAll(/[_-]/g, ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
