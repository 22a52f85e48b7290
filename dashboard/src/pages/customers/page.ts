import { IconBuildings } from '@tabler/icons-react';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { Page } from '@/app/page';
import { shellRoute } from '@/app/shellRoute';

const route = createRoute({
  getParentRoute: () => shellRoute,
  path: '/customers',
  component: lazyRouteComponent(() => import('./CustomersPage'), 'CustomersPage'),
});

/** Customers. */
export const customers: Page = {
  entry: { to: '/customers', label: 'Customers', icon: IconBuildings, letter: 'c' },
  routes: [route],
};
