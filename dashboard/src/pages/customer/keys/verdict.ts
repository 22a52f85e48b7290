import type { Schema } from '@/api/client';
import { count, exactTime, many, share } from '@/ui/format';

type Trial = Pick<Schema<'LimitSimulationView'>, 'requests' | 'refused' | 'refused_share' | 'first_refused_at'>;

/** What a limit (1,000 a month) would have refused, as a sentence: what comes before the number that is stressed, it, and what comes after. */
export function verdictOf({ requests, refused, refused_share, first_refused_at }: Trial, limit: string): [string, string, string] {
  const before = `With ${limit}, `;
  const all = ` of ${many(requests, 'request')}`;
  if (refused === 0) return [before, 'none', `${all} would have been refused.`];
  const first = first_refused_at ? `, the first at ${exactTime(first_refused_at)}` : '';
  return [before, count(refused), `${all} (${share(refused_share)}) would have been refused${first}.`];
}
