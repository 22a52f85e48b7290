import type { Schema } from '@/api/client';
import { words } from '@/ui/format';

// What a comparison can find, in words.
const FOUND: Record<string, string> = {
  organization_missing: 'Clerk has an organization that we didn’t know',
  organization_changed: 'An organization is called otherwise at Clerk',
  organization_gone: 'We know an organization that Clerk doesn’t have',
  customer_missing: 'An organization has no customer',
  membership_missing: 'Clerk has a member that we didn’t know',
  role_changed: 'A member has another role at Clerk',
  membership_gone: 'We know a member that Clerk doesn’t have',
};

export type Finding = Schema<'DifferenceView'>;

/** What it means. */
export const findingName = (kind: string) => FOUND[kind] ?? words(kind);
