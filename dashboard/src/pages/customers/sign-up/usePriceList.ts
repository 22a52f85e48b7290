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
  const settings = queries.useQuery('get', '/api/admin/settings', {}, { staleTime: 300_000 });
  const plans = settings.data?.plans;
  return {
    modules: modules.data?.data.filter((module) => module.is_active),
    included: (name) => plans?.find(({ plan }) => plan === name)?.modules,
    error: modules.error,
    refetch: modules.refetch,
  };
}
