import { ago, dayOf } from '@/ui/format';
import { useNow } from '@/ui/useNow';
import classes from './Modules.module.css';
import type { Held } from './useModules';

const SOURCES: Record<string, string> = {
  always: 'Every customer has it',
  plan: 'Part of the plan',
  override: 'Decided for this customer',
  dependency: 'A module that it needs is missing',
  not_offered: 'Not on sale',
};

/** Why a module is on or off: what decides, until when, and what somebody wrote about it. */
export function Why({ module }: { module: Held }) {
  const now = useNow();
  const { source, enabled, refusal, reason, expires_at: ends } = module;
  const until = source === 'override' && ends ? `, until ${dayOf(ends)} (${ago(ends, now)})` : '';
  // What the plan doesn't have, the refusal says better.
  if (source === 'plan' && !enabled && refusal) return <span className={classes.why}>{refusal}</span>;
  const decided = SOURCES[source] ?? source;
  const more = source === 'override' ? (reason ?? 'No reason was given.') : refusal;
  return (
    <span className={classes.why}>
      <span>
        {decided}
        {until}
      </span>
      {more && <span>{more}</span>}
    </span>
  );
}
