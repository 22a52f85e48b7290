import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { Action, Here, Page, Place } from '@/app/page';
import { shellRoute } from '@/app/shellRoute';
import { ACTS, type ActName } from './acts';
import { customerSearch } from './search';
import { tabNames } from './tabNames';

const one = createRoute({
  getParentRoute: () => shellRoute,
  path: '/customers/$customer/{-$tab}',
  validateSearch: customerSearch,
  component: lazyRouteComponent(() => import('./CustomerPage'), 'CustomerPage'),
});

const partOf = (customer: string, tab: string): Pick<Place, 'to' | 'params'> => ({
  to: '/customers/$customer/{-$tab}',
  params: { customer, ...(tab !== 'overview' && { tab }) },
});

const placesOf = ({ customer }: Here): Place[] =>
  customer === undefined
    ? []
    : tabNames.map((tab) => ({
        label: `${customer}: ${tab.label}`,
        right: 'right' in tab ? tab.right : undefined,
        ...partOf(customer, tab.name),
      }));

const actionsOf = ({ customer }: Here): Action[] =>
  customer === undefined
    ? []
    : [
        ...Object.entries<(typeof ACTS)[ActName] & { also?: string }>(ACTS).map(([act, { label, right, tab, also }]) => ({
          label: `${customer}: ${label}`,
          right,
          also,
          search: { act },
          ...partOf(customer, tab),
        })),
        {
          label: `${customer}: Export the audit log`,
          right: 'audit:read',
          also: 'csv download',
          file: `/api/admin/audit-logs/export?${new URLSearchParams({ format: 'csv', customer })}`,
          ...partOf(customer, 'audit'),
        },
      ];

/** One customer: `/customers/acme`, `/customers/acme/keys`. Found on the page of customers, and from everywhere by name. */
export const customer: Page = { routes: [one], places: placesOf, actions: actionsOf };
