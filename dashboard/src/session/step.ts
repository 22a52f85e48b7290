import { personOf, type Who } from './session';

/** What whoever is at the door has to do; null: they are in. */
export type Step = 'password' | 'show_code' | 'set_up_authenticator' | 'keep_codes' | 'change_password';

/**
 * What is next for whoever is at the door. Recovery codes that are shown stay until they are put away, whatever becomes of the session:
 * it is past them as soon as they are made, and nobody is shown them again.
 */
export function stepOf(who: Who | null, codes: readonly string[] | null): Step | null {
  if (codes) return 'keep_codes';
  if (!who) return 'password';
  return (who.session?.next ?? null) as Step | null;
}

/** Recovery codes, and whose they are. */
export type KeptCodes = { of: string | undefined; codes: string[] };

/** The codes that are shown to whoever is at the door: somebody else's never, as when another one signs in in another window. */
export const codesFor = (kept: KeptCodes | null, who: Who | null): string[] | null => (kept && (!who || personOf(who) === kept.of) ? kept.codes : null);
