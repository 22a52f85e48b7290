import type { Right } from '@/session/session';

// The roles and what each may do, as the domain has them (crates/foundation/domain/src/operator.rs). The server decides all the same.
const READS: readonly Right[] = ['customers:read', 'backups:read', 'jobs:read', 'usage:read', 'audit:read', 'clerk:read'];

/** What can be permitted, in words, by what it concerns. */
export const RIGHTS: readonly { group: string; rights: readonly (readonly [right: Right, means: string])[] }[] = [
  {
    group: 'Customers',
    rights: [
      ['customers:read', 'See customers, their keys’ prefixes, modules and operations'],
      ['customers:write', 'Sign customers up, change what is known of them'],
      ['customers:suspend', 'Suspend customers and serve them again'],
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
      ['jobs:write', 'Retry background jobs'],
      ['backups:read', 'See which backups there are'],
      ['backups:write', 'Ask for a backup'],
      ['backups:restore', 'Restore a backup into a new customer'],
    ],
  },
  {
    group: 'Platform',
    rights: [
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

const ALL = RIGHTS.flatMap(({ rights }) => rights.map(([right]) => right));

/** The roles, from the one that may do most. */
export const ROLES: readonly { role: string; means: string; rights: ReadonlySet<Right> }[] = [
  { role: 'owner', means: 'Everything', rights: new Set(ALL) },
  { role: 'admin', means: 'Everything but changing operators and the platform’s keys', rights: new Set(ALL.filter((right) => right !== 'secrets:write' && right !== 'operators:write')) },
  {
    role: 'support',
    means: 'Reads; acts in a customer’s place, reading; API keys, another attempt, backups',
    rights: new Set<Right>([...READS, 'customers:impersonate', 'keys:write', 'operations:write', 'backups:write', 'jobs:write', 'clerk:write']),
  },
  { role: 'billing', means: 'Reads customers, usage and audit; modules, suspend and resume', rights: new Set<Right>(['customers:read', 'customers:suspend', 'modules:write', 'usage:read', 'audit:read']) },
  { role: 'read-only', means: 'Reads', rights: new Set(READS) },
];
