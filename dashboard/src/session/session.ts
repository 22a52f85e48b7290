import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, type Schema } from '@/api/client';

/** Who is signed in, and what they may do. */
export type Who = Schema<'WhoView'>;

const KEY = ['session'] as const;

/** Who is signed in; null when nobody is. */
export function useWho() {
  return useQuery({
    queryKey: KEY,
    queryFn: async (): Promise<Who | null> => {
      const { data, error, response } = await api.GET('/api/admin/session');
      if (data) return data;
      if (response.status === 401) return null;
      throw error;
    },
    staleTime: 60_000,
  });
}

/** Asks again who is signed in, or says that nobody is. */
export function useSessionChange() {
  const client = useQueryClient();
  return {
    changed: () => client.invalidateQueries({ queryKey: KEY }),
    ended: () => {
      client.clear();
      client.setQueryData(KEY, null);
    },
  };
}

/** Whether the operator may do this; for what is offered. The server decides all the same. */
export function useMay(): (right: string) => boolean {
  const { data } = useWho();
  const rights = new Set(data?.permissions ?? []);
  return (right) => rights.has(right);
}
