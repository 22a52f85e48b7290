import type { Schema } from '@/api/client';
import { words } from '@/ui/format';
import type { Tone } from '@/ui/Status';

/**
 * How a user stands with the identity provider, and whether the customer's database knows it. Whoever may not know what the provider tells
 * isn't told that it tells nothing.
 */
export function membershipState(linked: boolean, membership: Schema<'MembershipView'> | null, mayKnow: boolean): { tone: Tone; label: string } {
  if (!linked) return { tone: 'quiet', label: 'Not linked' };
  if (membership === null) return { tone: 'quiet', label: mayKnow ? 'Linked; Clerk told nothing' : 'Linked' };
  const { state, role, is_synced, sync_error } = membership;
  if (!is_synced) return { tone: 'warn', label: sync_error ? `Not brought in: ${sync_error}` : 'A change is being brought in' };
  if (state === 'removed') return { tone: 'quiet', label: 'Removed there' };
  return { tone: 'ok', label: `Member, ${words(role.replace(/^org:/, ''))}` };
}
