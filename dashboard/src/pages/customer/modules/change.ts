import { useQueryClient } from '@tanstack/react-query';
import { api, type Schema } from '@/api/client';
import { optimistically } from '@/api/optimistic';
import { taken } from '@/api/taken';
import { type Customer, pathOf, useCustomerChanged } from '../customer';
import type { Held } from './useModules';

/** Changes a module. The table shows it at once, and takes it back when the server refuses. */
export function useModuleChange(customer: Customer, module: Held) {
  const client = useQueryClient();
  const changed = useCustomerChanged();
  const params = { path: { ...pathOf(customer).path, module_key: module.module_key } };

  const set = async (body: Schema<'ModuleBody'>) => {
    await optimistically<Schema<'CustomerModuleView'>, unknown>(
      client,
      { path: '/api/admin/customers/{customer}/modules', of: pathOf(customer).path },
      (one) => (one.module_key === module.module_key ? { ...one, ...body, source: 'override', refusal: null } : one),
      () => taken(api.PUT('/api/admin/customers/{customer}/modules/{module_key}', { params, body })),
    );
  };
  const reset = async () => {
    await taken(api.DELETE('/api/admin/customers/{customer}/modules/{module_key}', { params }));
    await changed();
  };
  return { set, reset };
}
