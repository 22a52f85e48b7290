import type { Schema } from '@/api/client';
import { useMay } from '@/session/session';
import { Status } from '@/ui/Status';
import { membershipState } from './membershipState';

/** How a user stands with the identity provider. */
export function Membership({ linked, membership }: { linked: boolean; membership: Schema<'MembershipView'> | null }) {
  return <Status value="" {...membershipState(linked, membership, useMay()('clerk:read'))} />;
}
