import { answerBefore } from '@/api/answerBefore';
import { queries, type Schema } from '@/api/client';
import { useLastAnswer } from '@/api/lastAnswer';
import { useMay } from '@/session/session';
import type { Range } from '@/ui/range';
import { questions } from './questions';
import { workOf } from './workOf';

/** How often what is wrong now is asked for again, in milliseconds. */
const OFTEN = { refetchInterval: 15_000 };

/** Requests over time, in all. */
export function useTraffic(range: Range) {
  const { right, path, query } = questions.traffic(range);
  return useLastAnswer(
    query,
    queries.useQuery('get', path, { params: { query } }, { enabled: useMay()(right), placeholderData: answerBefore(query) }),
  );
}

/** How many customers there are, who came and who left. */
export function useGrowth(range: Range) {
  const { right, path, query } = questions.growth(range);
  return useLastAnswer(
    query,
    queries.useQuery('get', path, { params: { query } }, { enabled: useMay()(right), placeholderData: answerBefore(query) }),
  );
}

/** What waits, runs and died, now and when the range began. */
export function useWork(range: Range) {
  const { right, path, query } = questions.work(range);
  return useLastAnswer(
    query,
    queries.useQuery('get', path, { params: { query } }, { enabled: useMay()(right), placeholderData: answerBefore(query), ...OFTEN }),
  );
}

/** How many customers have which module. */
export function useAdoption(range: Range) {
  const { path, query } = questions.adoption(range);
  return useLastAnswer(
    query,
    queries.useQuery('get', path, { params: { query } }, { placeholderData: answerBefore(query) }),
  );
}

export type Part = Schema<'PartView'>;

/** How every part of the platform is. */
export function useHealth() {
  return queries.useQuery('get', questions.health().path, {}, OFTEN);
}

/** Who signed up last. */
export function useNewest() {
  const { path, query } = questions.newest();
  return queries.useQuery('get', path, { params: { query } });
}

/** The operations on customers that go on or were given up, and the newest ones where those leave room. */
export function useOperations(room: number) {
  const { path, query } = questions.unfinished();
  const unfinished = queries.useQuery('get', path, { params: { query } });
  const asked = unfinished.data?.data;
  const hasRoom = asked !== undefined && asked.length < room;
  const newest = queries.useQuery('get', path, { params: { query: { limit: room } } }, { enabled: hasRoom });
  const others = hasRoom ? newest.data?.data : [];
  return {
    // What goes on is shown whatever becomes of the others.
    data: asked && (others || asked.length > 0) ? workOf(asked, others ?? [], room) : undefined,
    error: unfinished.error ?? newest.error,
    dataUpdatedAt: hasRoom && newest.data ? Math.min(unfinished.dataUpdatedAt, newest.dataUpdatedAt) : unfinished.dataUpdatedAt,
    refetch: () => Promise.all([unfinished.refetch(), newest.refetch()]),
  };
}

/** What was done last, by whom. */
export function useChanges() {
  const { path, query } = questions.changes();
  return queries.useQuery('get', path, { params: { query } });
}
