import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { useMay } from '@/session/session';
import type { BulkAct } from './act';

const path = (customer: { id: string }) => ({ params: { path: { customer: customer.id } } });

const ACTS: readonly BulkAct[] = [
  {
    id: 'suspend',
    label: 'Suspend',
    done: 'suspended',
    right: 'customers:suspend',
    consequences: ['Every request of theirs is refused from now on, with 403.', 'Their data stays. Resuming takes it all back.', 'Whoever is suspended already stays so, with the reason from before.'],
    word: 'suspend',
    asks: { reason: true },
    run: (customer, { reason }) => taken(api.POST('/api/admin/customers/{customer}/suspend', { ...path(customer), body: { reason: reason || null } })),
  },
  {
    id: 'resume',
    label: 'Resume',
    done: 'resumed',
    right: 'customers:suspend',
    consequences: ['They are served again, with the status from before. A trial that ran out meanwhile is expired.', 'Whoever isn’t suspended is told of as failed, and stays as they are.'],
    asks: {},
    run: (customer) => taken(api.POST('/api/admin/customers/{customer}/resume', path(customer))),
  },
  {
    id: 'module',
    label: 'Turn a module on or off',
    done: 'changed',
    right: 'modules:write',
    consequences: ['It holds for these customers whatever their plan says, until it is taken back on their pages.', 'Turning a module off deletes nothing: its routes answer 403 until it is on again.'],
    asks: { module: true, reason: true },
    run: (customer, { module, enabled, reason }) =>
      taken(
        api.PUT('/api/admin/customers/{customer}/modules/{module_key}', {
          params: { path: { customer: customer.id, module_key: module } },
          body: { enabled, reason: reason || null },
        }),
      ),
  },
  {
    id: 'backup',
    label: 'Ask for backups',
    done: 'asked for',
    right: 'backups:write',
    consequences: ['The worker makes a backup of each database, as soon as it can. Nobody is interrupted.'],
    asks: {},
    run: (customer) => taken(api.POST('/api/admin/customers/{customer}/backups', path(customer))),
  },
];

/** What the operator may do with several customers. */
export function useBulkActs(): readonly BulkAct[] {
  const may = useMay();
  return ACTS.filter((act) => may(act.right));
}
