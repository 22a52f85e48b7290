import type { Schema } from '@/api/client';
import { words } from '@/ui/format';
import { Status } from '@/ui/Status';

/** How a user stands with the identity provider, and whether the customer's database knows it. */
export function Membership({ linked, membership }: { linked: boolean; membership: Schema<'MembershipView'> | null }) {
  if (!linked) return <Status value="unlinked" label="Not linked" />;
  if (membership === null) return <Status value="unknown" label="Linked; Clerk told nothing" />;
  const { state, role, is_synced, sync_error } = membership;
  if (!is_synced) return <Status value="" tone="warn" label={sync_error ? `Not brought in: ${sync_error}` : 'A change is being brought in'} />;
  if (state === 'removed') return <Status value="removed" label="Removed there" />;
  return <Status value="" tone="ok" label={`Member, ${words(role.replace(/^org:/, ''))}`} />;
}
