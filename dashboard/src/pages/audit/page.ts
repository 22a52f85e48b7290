import { IconListSearch } from '@tabler/icons-react';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { Page } from '@/app/page';
import { shellRoute } from '@/app/shellRoute';

const route = createRoute({
  getParentRoute: () => shellRoute,
  path: '/audit',
  component: lazyRouteComponent(() => import('./AuditPage'), 'AuditPage'),
});

/** Audit. */
export const audit: Page = {
  entry: { to: '/audit', label: 'Audit', icon: IconListSearch, letter: 'a' },
  routes: [route],
};
