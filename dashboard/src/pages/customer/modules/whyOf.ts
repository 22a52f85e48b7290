import { ago, dayOf } from '@/ui/format';
import { spoken } from '@/ui/parts';
import type { Held } from './useModules';

const SOURCES: Record<string, string> = {
  always: 'Every customer has it',
  plan: 'Part of the plan',
  override: 'Decided for this customer',
  dependency: 'A module that it needs is missing',
  not_offered: 'Not on sale',
};

/** Why a module is on or off: what decides and until when, and what is said about it; a line each. */
export function whyOf({ source, enabled, refusal, reason, expires_at: ends }: Omit<Held, 'listed'>, now: number): string[] {
  const refused = refusal ? spoken(refusal) : null;
  // What the plan doesn't have, the refusal says better.
  if (source === 'plan' && !enabled && refused) return [refused];
  const until = source === 'override' && ends ? `, until ${dayOf(ends)} (${ago(ends, now)})` : '';
  const more = source === 'override' ? (reason ?? 'No reason was given.') : refused;
  return [`${SOURCES[source] ?? source}${until}`, ...(more ? [more] : [])];
}
