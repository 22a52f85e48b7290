import type { Right } from '@/session/session';

/** A part of a customer's page, by name. */
export type TabName = {
  /** As it stands in the address; the first one needs none. */
  name: string;
  label: string;
  /** The right without which it isn't offered. */
  right?: Right;
};

/** The parts of a customer's page, in the order in which they stand. */
export const tabNames = [
  { name: 'overview', label: 'Overview' },
  { name: 'modules', label: 'Plan and modules' },
  { name: 'database', label: 'Database' },
  { name: 'keys', label: 'API keys' },
  { name: 'limits', label: 'Limits' },
  { name: 'usage', label: 'Usage', right: 'usage:read' },
  { name: 'users', label: 'Users' },
  { name: 'audit', label: 'Audit', right: 'audit:read' },
  { name: 'impersonation', label: 'Impersonation', right: 'audit:read' },
] as const satisfies readonly TabName[];
