import { keepPreviousData, QueryClient } from '@tanstack/react-query';
import { problemOf } from '@/api/problem';
import { known } from '@/early/early';
import { keyOf } from '@/pages/home/questions';
import { keepWho } from '@/session/session';

/** What the server answered, for all pages. */
export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // When changes don't arrive by themselves, what is looked at is asked for again now and then.
      refetchInterval: 60_000,
      placeholderData: keepPreviousData,
      // Also without a network: the server may be on this machine, and what can't be asked is told.
      networkMode: 'always',
      refetchOnReconnect: true,
      retry: (failures, error) => failures < 2 && [0, 503].includes(problemOf(error).status),
    },
    // As proofs of the audit log, which would wait for the network and say nothing.
    mutations: { networkMode: 'always' },
  },
});

// What was asked while the program was read is there when the first page is drawn: it isn't drawn empty first.
const { who, answers } = known();
if (who) keepWho(client, who);
for (const { question, data } of answers) client.setQueryData(keyOf(question), data);
