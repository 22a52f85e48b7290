import { IconSettings } from '@tabler/icons-react';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { Page, Place } from '@/app/page';
import { shellRoute } from '@/app/shellRoute';
import { SECTIONS } from './sections';

const first = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings',
  component: lazyRouteComponent(() => import('./SettingsPage'), 'SettingsPage'),
});

const section = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings/$section',
  component: lazyRouteComponent(() => import('./SettingsPage'), 'SettingsPage'),
});

/** Settings. */
export const settings: Page = {
  entry: { to: '/settings', label: 'Settings', icon: IconSettings, letter: 's' },
  routes: [first, section],
  places: () => SECTIONS.map(({ key, label, right }): Place => ({ label: `Settings: ${label}`, to: '/settings/$section', params: { section: key }, right })),
  actions: () => [
    { label: 'Make an operator', to: '/settings/operators', search: { new: 'operator' }, right: 'operators:write' },
    { label: 'Make an API token of your own', to: '/settings/account', search: { new: 'token' } },
    { label: 'Add a passkey of your own', to: '/settings/account', search: { new: 'passkey' } },
    { label: 'Rotate the master key', to: '/settings/secrets', search: { act: 'rotate' }, right: 'secrets:write' },
    { label: 'Rotate the platform’s data key', to: '/settings/secrets', search: { act: 'rotate-platform' }, right: 'secrets:write' },
    { label: 'Change a price', to: '/settings/modules', search: { act: 'price' }, right: 'prices:write', also: 'module sale' },
    { label: 'Make an audit stream', to: '/settings/streams', search: { new: 'stream' }, right: 'audit-streams:write', also: 'new create siem' },
    { label: 'Compare with Clerk and mend', to: '/settings/clerk', search: { act: 'compare' }, right: 'clerk:write', also: 'reconcile' },
    { label: 'Compare with Clerk, and only say what differs', to: '/settings/clerk', search: { act: 'inspect' }, right: 'clerk:write', also: 'reconcile dry run' },
    { label: 'Show failed messages of Clerk', to: '/settings/clerk', search: { status: 'failed' }, right: 'clerk:read' },
  ],
};
