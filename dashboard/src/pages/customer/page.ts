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
    : (Object.keys(ACTS) as ActName[]).map((act) => ({
        label: `${customer}: ${ACTS[act].label}`,
        right: ACTS[act].right,
        search: { act },
        ...partOf(customer, ACTS[act].tab),
      }));

/** One customer: `/customers/acme`, `/customers/acme/keys`. Found on the page of customers, and from everywhere by name. */
export const customer: Page = { routes: [one], places: placesOf, actions: actionsOf };
