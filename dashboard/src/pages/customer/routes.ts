import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { shellRoute } from '@/app/shellRoute';
import { type RangeSearch, rangeOf } from '@/ui/range';

/** What stands in the address of a customer's page beside the customer and the tab. */
export type CustomerSearch = RangeSearch & {
  /** Which entries the timeline shows. */
  kind?: string;
  /** Which actions the audit rows are of. */
  action?: string;
  /** Which API keys are listed. */
  keys?: string;
  /** The API key that is looked at. */
  key?: string;
};

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

const one = createRoute({
  getParentRoute: () => shellRoute,
  path: '/customers/$customer/{-$tab}',
  validateSearch: (search: Record<string, unknown>): CustomerSearch => ({
    ...rangeOf(search),
    kind: text(search.kind),
    action: text(search.action),
    keys: text(search.keys),
    key: text(search.key),
  }),
  component: lazyRouteComponent(() => import('./CustomerPage'), 'CustomerPage'),
});

/** The addresses of a customer's page: `/customers/acme`, `/customers/acme/keys`. */
export const customerRoutes = [one];
