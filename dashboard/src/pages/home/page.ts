import { IconLayoutDashboard } from '@tabler/icons-react';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { Page } from '@/app/page';
import { shellRoute } from '@/app/shellRoute';
import { rangeOf } from '@/ui/range';

const route = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  validateSearch: rangeOf,
  component: lazyRouteComponent(() => import('./HomePage'), 'HomePage'),
});

/** Overview. */
export const home: Page = {
  entry: { to: '/', label: 'Overview', icon: IconLayoutDashboard, letter: 'h' },
  routes: [route],
};
