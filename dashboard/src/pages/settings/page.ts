import { IconSettings } from '@tabler/icons-react';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { Page } from '@/app/page';
import { shellRoute } from '@/app/shellRoute';

const route = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings',
  component: lazyRouteComponent(() => import('./SettingsPage'), 'SettingsPage'),
});

/** Settings. */
export const settings: Page = {
  entry: { to: '/settings', label: 'Settings', icon: IconSettings, letter: 's' },
  routes: [route],
};
