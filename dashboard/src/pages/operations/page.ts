import { IconProgressCheck } from '@tabler/icons-react';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { Action, Page } from '@/app/page';
import { shellRoute } from '@/app/shellRoute';
import type { Operation } from '@/api/useOperation';
import { canBeCanceled, canBeRetried, operationName } from '@/ui/operations';

const list = createRoute({
  getParentRoute: () => shellRoute,
  path: '/operations',
  component: lazyRouteComponent(() => import('./OperationsPage'), 'OperationsPage'),
});

const one = createRoute({
  getParentRoute: () => shellRoute,
  path: '/operations/$id',
  component: lazyRouteComponent(() => import('./OperationPage'), 'OperationPage'),
});

/** What can be done about the operation that is shown. */
function actsOf(operation: Operation): Action[] {
  const what = `${operationName(operation.kind).toLowerCase()} of ${operation.customer_id}`;
  const again = operation.is_being_undone ? `Try again to undo the ${what}` : `Try the ${what} again`;
  const at = { to: '/operations/$id', params: { id: operation.id }, right: 'operations:write' } as const;
  return [
    ...(canBeRetried(operation) ? [{ label: again, search: { act: 'retry' }, ...at }] : []),
    ...(canBeCanceled(operation) ? [{ label: `Take the ${what} back`, search: { act: 'cancel' }, also: 'cancel', ...at }] : []),
  ];
}

/** Operations. */
export const operations: Page = {
  entry: { to: '/operations', label: 'Operations', icon: IconProgressCheck, letter: 'o' },
  right: 'customers:read',
  routes: [list, one],
  actions: ({ operation }) => [
    ...(operation ? actsOf(operation) : []),
    { label: 'Show dead operations', to: '/operations', search: { status: 'dead' } },
    { label: 'Show dead jobs', to: '/operations', search: { tab: 'jobs', status: 'dead' }, right: 'jobs:read' },
  ],
};
