import { useQuery } from '@tanstack/react-query';
import { api } from '@/api/client';

const PATH = '/api/admin/customers/{customer}/api-keys/{id}';

/** A key with the tag of the version that was read, for changing it. */
export function useKey(customer: string, id: string) {
  return useQuery({
    queryKey: ['get', PATH, customer, id, 'tagged'],
    queryFn: async () => {
      const { data, error, response } = await api.GET(PATH, { params: { path: { customer, id } } });
      if (!data) throw error;
      return { key: data, tag: response.headers.get('etag') ?? undefined };
    },
    // Another key's details are no placeholder for this one's, and a form isn't changed under its writer.
    placeholderData: undefined,
    refetchInterval: false,
  });
}
