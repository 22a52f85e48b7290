import { queries, type Schema } from '@/api/client';

/** What is sold: the modules with their prices, and what each plan includes, as far as it is known yet. */
export type PriceList = {
  modules: Schema<'FeatureModuleView'>[] | undefined;
  included: (plan: string) => readonly string[] | undefined;
  error: unknown;
  refetch: () => unknown;
};

/** The price list. */
export function usePriceList(): PriceList {
  const modules = queries.useQuery('get', '/api/admin/modules', {}, { staleTime: 300_000 });
  return {
    modules: modules.data?.data.filter((module) => module.is_active),
    included: () => undefined,
    error: modules.error,
    refetch: modules.refetch,
  };
}
