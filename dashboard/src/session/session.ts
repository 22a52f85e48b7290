import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, type Schema } from '@/api/client';
import { forgetUnanswered } from '@/api/repeatable';
import { sessionChanged } from '@/api/signedOut';
import { taken } from '@/api/taken';
import { askWho, remember } from '@/early/who';
import { closeAllDialogs } from '@/ui/dialogs';
import { hush } from '@/ui/notify';

/** Who is signed in, and what they may do. */
export type Who = Schema<'WhoView'>;

/** What an operator may do. */
export type Right = Who['permissions'][number];

const KEY = ['session'] as const;

/** Keeps who is known to be signed in. */
export function keepWho(client: QueryClient, who: Who) {
  remember(true);
  client.setQueryData(KEY, who);
}

/** Who is signed in; null when nobody is. */
export function useWho() {
  return useQuery({
    queryKey: KEY,
    queryFn: async (): Promise<Who | null> => {
      const asked = await askWho({
        hasSession: async () => (await taken(api.GET('/api/admin/session/ways'))).has_session,
        session: () => api.GET('/api/admin/session'),
      });
      if (!asked) return null;
      const { data, error, response } = asked;
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
    changed: () => {
      sessionChanged();
      return client.invalidateQueries({ queryKey: KEY });
    },
    ended: () => sayNobody(client),
  };
}

/** Says that nobody is signed in. */
export function sayNobody(client: QueryClient) {
  // What was asked before would say that they still are.
  void client.cancelQueries({ queryKey: KEY });
  client.setQueryData(KEY, null);
}

/**
 * Does this as soon as whoever was signed in isn't any more, whichever question finds it: nobody is, or in another window somebody else
 * has signed in. Answers what ends it.
 */
export function whenGone(client: QueryClient, act: (now: Who | null) => void): () => void {
  const whoNow = () => client.getQueryData<Who | null>(KEY) ?? null;
  let before = whoNow();
  return client.getQueryCache().subscribe(({ query }) => {
    if (query.queryKey[0] !== KEY[0]) return;
    const now = whoNow();
    const isGone = before !== null && personOf(before) !== personOf(now);
    before = now;
    if (isGone) act(now);
  });
}

/** What tells those who sign in apart; undefined is nobody. */
export const personOf = (who: Who | null | undefined) => who?.operator_id ?? who?.credential;

/** Puts away what was shown to somebody, before whoever comes next sees it. */
export function putAway(client: QueryClient, now: Who | null) {
  sessionChanged();
  remember(now !== null);
  // A dialog may show a secret; a notice and the tab's name say whom the page was about.
  closeAllDialogs();
  hush();
  document.title = 'Sixty';
  forgetUnanswered();
  forgetShown(client);
}

/** Forgets what was asked and answered. A query that is thrown away tells nobody: the pages go at the same time. */
export function forgetShown(client: QueryClient) {
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
  // What acts were answered, such as proofs of the audit log.
  client.getMutationCache().clear();
}

/** Whether the operator may do this; for what is offered. The server decides all the same. */
export function useMay(): (right: Right) => boolean {
  const { data } = useWho();
  const rights = new Set<Right>(data?.permissions ?? []);
  return (right) => rights.has(right);
}
