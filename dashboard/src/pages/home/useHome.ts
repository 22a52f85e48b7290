import { queries, type Schema } from '@/api/client';
import { useMay } from '@/session/session';
import type { Range } from '@/ui/range';
import { questions } from './questions';

/** How often what is wrong now is asked for again, in milliseconds. */
const OFTEN = { refetchInterval: 15_000 };

/** Requests over time, in all. */
export function useTraffic(range: Range) {
  const { right, path, query } = questions.traffic(range);
  return queries.useQuery('get', path, { params: { query } }, { enabled: useMay()(right) });
}

/** How many customers there are, who came and who left. */
export function useGrowth(range: Range) {
  const { right, path, query } = questions.growth(range);
  return queries.useQuery('get', path, { params: { query } }, { enabled: useMay()(right) });
}

/** What waits, runs and died, now and when the range began. */
export function useWork(range: Range) {
  const { right, path, query } = questions.work(range);
  return queries.useQuery('get', path, { params: { query } }, { enabled: useMay()(right), ...OFTEN });
}

/** How many customers have which module. */
export function useAdoption(range: Range) {
  const { path, query } = questions.adoption(range);
  return queries.useQuery('get', path, { params: { query } });
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

/** The last operations on customers. */
export function useOperations() {
  const { path, query } = questions.operations();
  return queries.useQuery('get', path, { params: { query } });
}

/** What was done last, by whom. */
export function useChanges() {
  const { path, query } = questions.changes();
  return queries.useQuery('get', path, { params: { query } });
}
