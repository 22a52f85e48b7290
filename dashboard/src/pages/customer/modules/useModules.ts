import { queries, type Schema } from '@/api/client';
import { type Customer, pathOf } from '../customer';

/** A module as a customer has it, and its line in the price list. */
export type Held = Schema<'CustomerModuleView'> & { listed?: Schema<'FeatureModuleView'> };

/** The customer's modules with their prices; `prices` says how it stands with the price list. */
export function useModules(customer: Customer) {
  const query = queries.useQuery('get', '/api/admin/customers/{customer}/modules', { params: pathOf(customer) });
  const list = queries.useQuery('get', '/api/admin/modules', {}, { staleTime: 300_000 });
  const data = query.data?.data.map((module): Held => ({ ...module, listed: list.data?.data.find((one) => one.module_key === module.module_key) }));
  return { ...query, data, prices: list };
}
