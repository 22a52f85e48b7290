import { useQuery } from '@tanstack/react-query';
import { api, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { type Customer, nameOf, pathOf } from '../customer';

const PATH = '/api/admin/customers/{customer}/modules';

type Module = Schema<'CustomerModuleView'>;

/**
 * A module as the server has it, for a form that changes it: what is shown before the server has agreed isn't in it. Until it is there,
 * it is as it was when the form was opened.
 */
export function useModule(customer: Customer, opened: Module) {
  const { data, refetch } = useQuery({
    queryKey: ['get', PATH, nameOf(customer), 'as they are'],
    queryFn: () => taken(api.GET(PATH, { params: pathOf(customer) })),
    // What an earlier form knew would be told as a change by somebody else.
    gcTime: 0,
    placeholderData: undefined,
  });
  const found = (modules: { data: readonly Module[] } | undefined) => modules?.data.find(({ module_key: key }) => key === opened.module_key) ?? opened;
  return { module: found(data), readAgain: async () => found((await refetch()).data) };
}
