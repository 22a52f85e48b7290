import { type ComponentType, lazy } from 'react';
import type { Customer } from './customer';
import { type TabName, tabNames } from './tabNames';

type Content = ComponentType<{ customer: Customer }>;

/** A part of a customer's page. */
export type Tab = TabName & { content: Content };

const CONTENTS: Record<(typeof tabNames)[number]['name'], Content> = {
  overview: lazy(() => import('./overview/Overview')),
  modules: lazy(() => import('./modules/ModulesTab')),
  database: lazy(() => import('./database/DatabaseTab')),
  keys: lazy(() => import('./keys/KeysTab')),
  limits: lazy(() => import('./limits/LimitsTab')),
  usage: lazy(() => import('./usage/UsageTab')),
  users: lazy(() => import('./users/UsersTab')),
  audit: lazy(() => import('./audit/AuditTab')),
  impersonation: lazy(() => import('./impersonation/ImpersonationTab')),
};

/** The parts of a customer's page, in the order in which they stand. */
export const tabs: readonly Tab[] = tabNames.map((tab) => ({ ...tab, content: CONTENTS[tab.name] }));
