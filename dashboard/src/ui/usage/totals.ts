import type { Schema } from '@/api/client';

/** What was asked in a span of time, in sums. */
export type Totals = Schema<'TotalsView'>;

/** Which part of the requests was refused or failed, from 0 to 1; undefined when there was none. */
export const failing = (totals: Pick<Totals, 'requests' | 'failed'> | undefined): number | undefined =>
  totals && totals.requests > 0 ? totals.failed / totals.requests : undefined;
