import { useQuery } from '@tanstack/react-query';
import { api, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import type { Limit } from './limit';

const PATH = '/api/admin/customers/{customer}/limits';

/**
 * A limit of a customer's as it is, for a form that changes it, and whether somebody has taken it away. Until it is read, it is as it was
 * when the form was opened; so is a limit that is to be made.
 */
export function useLimit(customer: string, opened: Partial<Limit> | undefined) {
  const isThere = customer !== '' && opened?.updated_at !== undefined;
  const { data, refetch } = useQuery({
    queryKey: ['get', PATH, customer, 'as they are'],
    queryFn: () => taken(api.GET(PATH, { params: { path: { customer } } })),
    enabled: isThere,
    // What an earlier form knew would be told as a change by somebody else.
    gcTime: 0,
    placeholderData: undefined,
  });
  const found = (limits: Schema<'Listing_CustomerLimitView'> | undefined) => {
    const limit = limits?.data.find(({ route }) => route === opened?.route);
    return { limit: limit ?? opened, isGone: limits !== undefined && limit === undefined };
  };
  return { ...found(data), readAgain: async () => (isThere ? found((await refetch()).data) : found(undefined)) };
}
