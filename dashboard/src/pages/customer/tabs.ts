import { type ComponentType, lazy } from 'react';
import type { Right } from '@/session/session';
import type { Customer } from './customer';

/** A part of a customer's page. */
export type Tab = {
  /** As it stands in the address; the first one needs none. */
  name: string;
  label: string;
  /** The right without which it isn't offered. */
  right?: Right;
  content: ComponentType<{ customer: Customer }>;
};

/** The parts of a customer's page, in the order in which they stand. */
export const tabs: readonly [Tab, ...Tab[]] = [
  { name: 'overview', label: 'Overview', content: lazy(() => import('./overview/Overview')) },
  { name: 'modules', label: 'Plan and modules', content: lazy(() => import('./modules/ModulesTab')) },
  { name: 'database', label: 'Database', content: lazy(() => import('./database/DatabaseTab')) },
  { name: 'keys', label: 'API keys', content: lazy(() => import('./keys/KeysTab')) },
  { name: 'usage', label: 'Usage', right: 'usage:read', content: lazy(() => import('./usage/UsageTab')) },
  { name: 'users', label: 'Users', content: lazy(() => import('./users/UsersTab')) },
  { name: 'audit', label: 'Audit', right: 'audit:read', content: lazy(() => import('./audit/AuditTab')) },
  { name: 'impersonation', label: 'Impersonation', right: 'audit:read', content: lazy(() => import('./impersonation/ImpersonationTab')) },
];
