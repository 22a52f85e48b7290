import { IconProgressCheck } from '@tabler/icons-react';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { Page } from '@/app/page';
import { shellRoute } from '@/app/shellRoute';

const list = createRoute({
  getParentRoute: () => shellRoute,
  path: '/operations',
  component: lazyRouteComponent(() => import('./OperationsPage'), 'OperationsPage'),
});

const one = createRoute({
  getParentRoute: () => shellRoute,
  path: '/operations/$id',
  component: lazyRouteComponent(() => import('./OperationPage'), 'OperationPage'),
});

/** Operations. */
export const operations: Page = {
  entry: { to: '/operations', label: 'Operations', icon: IconProgressCheck, letter: 'o' },
  right: 'customers:read',
  routes: [list, one],
  actions: () => [
    { label: 'Show dead operations', to: '/operations', search: { status: 'dead' } },
    { label: 'Show dead jobs', to: '/operations', search: { tab: 'jobs', status: 'dead' }, right: 'jobs:read' },
  ],
};
