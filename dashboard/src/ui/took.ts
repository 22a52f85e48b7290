import { NOTHING, span } from './format';

/** How long something took, or takes so far. */
export function took(from: string | null | undefined, until: string | null | undefined, now = Date.now()): string {
  if (!from) return NOTHING;
  const end = until ? Date.parse(until) : now;
  return span(Math.max(0, (end - Date.parse(from)) / 1000));
}
