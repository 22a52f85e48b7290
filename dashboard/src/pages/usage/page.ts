import { IconChartHistogram } from '@tabler/icons-react';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { Page } from '@/app/page';
import { shellRoute } from '@/app/shellRoute';
import { usageSearch } from './search';

const route = createRoute({
  getParentRoute: () => shellRoute,
  path: '/usage',
  validateSearch: usageSearch,
  component: lazyRouteComponent(() => import('./UsagePage'), 'UsagePage'),
});

/** Usage. */
export const usage: Page = {
  entry: { to: '/usage', label: 'Usage', icon: IconChartHistogram, letter: 'u' },
  right: 'usage:read',
  routes: [route],
  actions: () => [
    { label: 'Show errors by outcome', to: '/usage', search: { by: 'outcome', show: 'errors' }, right: 'usage:read' },
    { label: 'Show response times by route', to: '/usage', search: { by: 'route' }, right: 'usage:read' },
  ],
};
