import { IconChartHistogram } from '@tabler/icons-react';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { Page } from '@/app/page';
import { shellRoute } from '@/app/shellRoute';

const route = createRoute({
  getParentRoute: () => shellRoute,
  path: '/usage',
  component: lazyRouteComponent(() => import('./UsagePage'), 'UsagePage'),
});

/** Usage. */
export const usage: Page = {
  entry: { to: '/usage', label: 'Usage', icon: IconChartHistogram, letter: 'u' },
  routes: [route],
};
