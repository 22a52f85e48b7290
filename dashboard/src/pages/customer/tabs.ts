import { busy, type Part, part } from '@/ui/part';
import type { Customer } from './customer';
import { type TabName, tabNames } from './tabNames';

type Content = Part<{ customer: Customer }>;

/** A part of a customer's page. */
export type Tab = TabName & { content: Content };

const CONTENTS: Record<(typeof tabNames)[number]['name'], Content> = {
  overview: part(() => import('./overview/Overview'), busy),
  modules: part(() => import('./modules/ModulesTab'), busy),
  database: part(() => import('./database/DatabaseTab'), busy),
  keys: part(() => import('./keys/KeysTab'), busy),
  limits: part(() => import('./limits/LimitsTab'), busy),
  usage: part(() => import('./usage/UsageTab'), busy),
  users: part(() => import('./users/UsersTab'), busy),
  audit: part(() => import('./audit/AuditTab'), busy),
  impersonation: part(() => import('./impersonation/ImpersonationTab'), busy),
};

/** The parts of a customer's page, in the order in which they stand. */
export const tabs: readonly Tab[] = tabNames.map((tab) => ({ ...tab, content: CONTENTS[tab.name] }));
