import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { closeAllDialogs } from '@/ui/dialogs';

/** Who is signed in, and what they may do. */
export type Who = Schema<'WhoView'>;

/** What an operator may do. */
export type Right = Who['permissions'][number];

const KEY = ['session'] as const;

const HERE = 'sixty-signed-in';
const wasHere = () => localStorage.getItem(HERE) !== null;
const remember = (isHere: boolean) => (isHere ? localStorage.setItem(HERE, '1') : localStorage.removeItem(HERE));

declare global {
  interface Window {
    /** What `public/early.js` was told of who is signed in; null when nobody is, undefined when it couldn't ask. */
    sixtyWho?: Promise<Response | null | undefined>;
  }
}

/** The answer that was asked for before the program was there, once. */
async function askedEarly(): Promise<Response | null | undefined> {
  const asked = window.sixtyWho;
  window.sixtyWho = undefined;
  return asked;
}

/** Who is signed in; null when nobody is. */
export function useWho() {
  return useQuery({
    queryKey: KEY,
    queryFn: async (): Promise<Who | null> => {
      const early = await askedEarly();
      if (early === null) return null;
      if (early?.ok || early?.status === 401) {
        remember(early.ok);
        return early.ok ? ((await early.json()) as Who) : null;
      }
      // Whoever was here before most likely still is; a stranger is told from the cookie that they don't have.
      if (!wasHere() && !(await taken(api.GET('/api/admin/session/ways'))).has_session) return null;
      const { data, error, response } = await api.GET('/api/admin/session');
      remember(data !== undefined);
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
      remember(false);
      // A dialog may show a secret.
      closeAllDialogs();
      // The pages go first, and then what they showed: a query that is thrown away tells nobody.
      client.setQueryData(KEY, null);
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
    },
  };
}

/** Whether the operator may do this; for what is offered. The server decides all the same. */
export function useMay(): (right: Right) => boolean {
  const { data } = useWho();
  const rights = new Set<Right>(data?.permissions ?? []);
  return (right) => rights.has(right);
}
