import { queries } from '@/api/client';
import type { Right } from '@/session/session';
import { words } from '@/ui/format';

/** What can be permitted, in words, by what it concerns. */
export const RIGHTS: readonly { group: string; rights: readonly (readonly [right: Right, means: string])[] }[] = [
  {
    group: 'Customers',
    rights: [
      ['customers:read', 'See customers, their keys’ prefixes, modules and operations'],
      ['customers:write', 'Sign customers up, change what is known of them'],
      ['customers:suspend', 'Suspend customers and serve them again'],
      ['subscriptions:write', 'Change what customers bought'],
      ['customers:delete', 'Delete customers with everything they have'],
      ['customers:impersonate', 'Act in a customer’s place, reading'],
      ['customers:impersonate-write', 'Act in a customer’s place, writing too'],
      ['credentials:reveal', 'See the password of a customer’s database'],
      ['keys:write', 'Make, change, rotate and revoke customers’ API keys'],
      ['modules:write', 'Turn customers’ feature modules on and off'],
      ['usage:read', 'See what customers used'],
    ],
  },
  {
    group: 'Work',
    rights: [
      ['operations:write', 'Retry operations and take them back'],
      ['jobs:read', 'See background jobs'],
      ['jobs:write', 'Retry and cancel background jobs'],
      ['backups:read', 'See which backups there are'],
      ['backups:write', 'Ask for a backup'],
      ['backups:restore', 'Restore a backup into a new customer'],
    ],
  },
  {
    group: 'Platform',
    rights: [
      ['prices:write', 'Change the price list, and what is on sale'],
      ['audit:read', 'See who did what'],
      ['audit-streams:write', 'Say to whom the audit log is told'],
      ['clerk:read', 'See what the identity provider told'],
      ['clerk:write', 'Replay its messages, compare everything with it'],
      ['secrets:read', 'See which keys there are; never a key itself'],
      ['secrets:write', 'Rotate and retire keys'],
      ['operators:read', 'See who the operators are'],
      ['operators:write', 'Make operators, give and take roles, end others’ sessions'],
    ],
  },
];

/** The roles as the server has them, from the one that may do most. */
export function useRoles() {
  return queries.useQuery('get', '/api/admin/roles', {}, { staleTime: 300_000, refetchInterval: false });
}

/** What can be permitted, in words; with what a newer server knows and these pages don't. */
export function rightsOf(roles: readonly { permissions: readonly string[] }[]): readonly { group: string; rights: readonly (readonly [right: string, means: string])[] }[] {
  const known = new Set<string>(RIGHTS.flatMap(({ rights }) => rights.map(([right]) => right)));
  const others = [...new Set(roles.flatMap(({ permissions }) => permissions))].filter((right) => !known.has(right));
  return others.length === 0 ? RIGHTS : [...RIGHTS, { group: 'Others', rights: others.map((right) => [right, words(right.replace(':', ': '))] as const) }];
}
