import { IconLayoutDashboard } from '@tabler/icons-react';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { Page } from '@/app/page';
import { shellRoute } from '@/app/shellRoute';

const route = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  component: lazyRouteComponent(() => import('./HomePage'), 'HomePage'),
});

/** Overview. */
export const home: Page = {
  entry: { to: '/', label: 'Overview', icon: IconLayoutDashboard, letter: 'h' },
  routes: [route],
};
