import { IconBuildings } from '@tabler/icons-react';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { Page } from '@/app/page';
import { shellRoute } from '@/app/shellRoute';
import { customersSearch } from './search';

const list = createRoute({
  getParentRoute: () => shellRoute,
  path: '/customers',
  validateSearch: customersSearch,
  component: lazyRouteComponent(() => import('./CustomersPage'), 'CustomersPage'),
});

const signUp = createRoute({
  getParentRoute: () => shellRoute,
  path: '/customers/new',
  validateSearch: ({ operation }: Record<string, unknown>): { operation?: string } => (typeof operation === 'string' ? { operation } : {}),
  component: lazyRouteComponent(() => import('./sign-up/SignUpPage'), 'SignUpPage'),
});

/** Customers, and signing one up. */
export const customers: Page = {
  entry: { to: '/customers', label: 'Customers', icon: IconBuildings, letter: 'c' },
  routes: [list, signUp],
  actions: () => [
    { label: 'Sign a customer up', to: '/customers/new', right: 'customers:write', also: 'new create' },
    { label: 'Export all customers', to: '/customers', file: '/api/admin/customers.csv', right: 'customers:read', also: 'csv download' },
  ],
};
