import { type RangeSearch, rangeOf } from '@/ui/range';
import { ACTS, type ActName } from './acts';

/** What stands in the address of a customer's page beside the customer and the tab. */
export type CustomerSearch = RangeSearch & {
  /** Which entries the timeline shows. */
  kind?: string;
  /** Which actions the audit rows are of. */
  action?: string;
  /** The audit row that is open. */
  entry?: string;
  /** Which API keys are listed. */
  keys?: string;
  /** The API key that is looked at. */
  key?: string;
  /** What is to be opened. */
  act?: ActName;
};

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

/** Reads the address; what means nothing is left out. */
export const customerSearch = (search: Record<string, unknown>): CustomerSearch => ({
  ...rangeOf(search),
  kind: text(search.kind),
  action: text(search.action),
  entry: text(search.entry),
  keys: text(search.keys),
  key: text(search.key),
  act: typeof search.act === 'string' && Object.hasOwn(ACTS, search.act) ? (search.act as ActName) : undefined,
});
