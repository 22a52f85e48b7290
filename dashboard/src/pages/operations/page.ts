import { IconProgressCheck } from '@tabler/icons-react';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { Page } from '@/app/page';
import { shellRoute } from '@/app/shellRoute';

const route = createRoute({
  getParentRoute: () => shellRoute,
  path: '/operations',
  component: lazyRouteComponent(() => import('./OperationsPage'), 'OperationsPage'),
});

/** Operations. */
export const operations: Page = {
  entry: { to: '/operations', label: 'Operations', icon: IconProgressCheck, letter: 'o' },
  routes: [route],
};
