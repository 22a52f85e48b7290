import { useQueryClient } from '@tanstack/react-query';
import { api, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { type Customer, nameOf, useCustomerChanged } from '../customer';
import { type Held, modulesOf } from './useModules';

type Listing = Schema<'Listing_CustomerModuleView'>;

/** Changes a module. The table shows it at once, and takes it back when the server refuses. */
export function useModuleChange(customer: Customer, module: Held) {
  const client = useQueryClient();
  const changed = useCustomerChanged();
  const params = { path: { customer: nameOf(customer), module_key: module.module_key } };
  const { queryKey } = modulesOf(customer);

  const set = async (body: Schema<'ModuleBody'>) => {
    await client.cancelQueries({ queryKey });
    const before = client.getQueryData<Listing>(queryKey);
    client.setQueryData<Listing>(
      queryKey,
      before && { ...before, data: before.data.map((one) => (one.module_key === module.module_key ? { ...one, enabled: body.enabled } : one)) },
    );
    try {
      await taken(api.PUT('/api/admin/customers/{customer}/modules/{module_key}', { params, body }));
    } catch (error) {
      client.setQueryData(queryKey, before);
      throw error;
    }
    await changed();
  };
  const reset = async () => {
    await taken(api.DELETE('/api/admin/customers/{customer}/modules/{module_key}', { params }));
    await changed();
  };
  return { set, reset };
}
