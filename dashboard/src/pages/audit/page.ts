import { IconListSearch } from '@tabler/icons-react';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { Page } from '@/app/page';
import { shellRoute } from '@/app/shellRoute';
import { rangeOf } from '@/ui/range';

const route = createRoute({
  getParentRoute: () => shellRoute,
  path: '/audit',
  component: lazyRouteComponent(() => import('./AuditPage'), 'AuditPage'),
  validateSearch: (search: Record<string, unknown>): Record<string, unknown> => ({ ...search, range: undefined, from: undefined, until: undefined, ...rangeOf(search) }),
});

/** Audit. */
export const audit: Page = {
  entry: { to: '/audit', label: 'Audit', icon: IconListSearch, letter: 'a' },
  right: 'audit:read',
  routes: [route],
  actions: () => [
    { label: 'Show what was refused', to: '/audit', search: { action: 'access_denied' }, right: 'audit:read' },
    { label: 'Export the whole audit log', to: '/audit', file: '/api/admin/audit-logs/export?format=csv', right: 'audit:read', also: 'csv download' },
    { label: 'Prove a chain of the audit log', to: '/audit', search: { proof: 'shown' }, right: 'audit:read' },
  ],
};
