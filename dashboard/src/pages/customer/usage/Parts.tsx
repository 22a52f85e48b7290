import { queries, type Schema } from '@/api/client';
import { type Bar, Bars } from '@/ui/Bars';
import { Empty } from '@/ui/Empty';
import { count, milliseconds, words } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { type Customer, pathOf } from '../customer';
import type { UsageQuery } from './filter';
import classes from './Usage.module.css';

/** How many of each are shown; the usage page has them all. */
const SHOWN = 8;

type Part = 'route' | 'key' | 'status' | 'outcome';
type Totals = Schema<'TotalsView'>;
type Keys = (id: string) => string;

const TITLES: Record<Part, string> = { route: 'Routes', key: 'API keys', status: 'Statuses', outcome: 'Outcomes' };

/** By what the requests differ: routes, keys, statuses, outcomes. */
export function Parts({ query, customer, parts }: { query: UsageQuery; customer: Customer; parts: readonly Part[] }) {
  const keys = queries.useQuery('get', '/api/admin/customers/{customer}/api-keys', { params: { ...pathOf(customer), query: { limit: 200 } } });
  const nameOfKey: Keys = (id) => {
    const key = keys.data?.data.find((one) => one.id === id);
    return key ? `${key.name} (${key.prefix}…)` : `Key ${id.slice(0, 8)}…`;
  };
  return parts.map((part) => (
    <Panel key={part} title={TITLES[part]} note="By requests">
      <Loaded query={query}>{(usage) => <OnePart label={TITLES[part]} bars={barsOf(part, usage, nameOfKey)} />}</Loaded>
    </Panel>
  ));
}

function OnePart({ label, bars }: { label: string; bars: Bar[] }) {
  if (bars.length === 0) return <Empty title="Nothing was asked for in this span" />;
  const rest = bars.length - SHOWN;
  return (
    <>
      <Bars label={label} bars={bars.slice(0, SHOWN)} unit={(value) => `${count(value)} requests`} />
      {rest > 0 && <p className={classes.more}>And {count(rest)} more with fewer requests.</p>}
    </>
  );
}

function barsOf(part: Part, usage: Schema<'UsageView'>, nameOfKey: Keys): Bar[] {
  const bars = {
    route: () => usage.by_route.map((one) => bar(`${one.method} ${one.endpoint}`, <code>{`${one.method} ${one.endpoint}`}</code>, one)),
    key: () => usage.by_key.map((one) => bar(one.api_key_id, nameOfKey(one.api_key_id), one)),
    status: () => usage.by_status.map((one) => bar(String(one.status_code), String(one.status_code), one)),
    outcome: () => usage.by_outcome.map((one) => bar(one.outcome ?? '', one.outcome ? words(one.outcome) : 'Not written down', one)),
  };
  return bars[part]().sort((one, other) => other.value - one.value);
}

const bar = (key: string, label: Bar['label'], totals: Totals): Bar => ({
  key,
  label,
  value: totals.requests,
  note: `95 % within ${milliseconds(totals.p95_response_time_ms)}`,
});
