import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Schema } from '@/api/client';
import { useUsageSeries } from '@/api/useUsageSeries';
import { filterOf } from '@/api/usageGroups';
import { type Bar, Bars } from '@/ui/Bars';
import { Empty } from '@/ui/Empty';
import { many, milliseconds } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import type { RangeSearch } from '@/ui/range';
import type { UsageFilter } from './filter';

/** How many of each are told apart. */
const SHOWN = 8;

type Part = 'route' | 'module' | 'api_key' | 'status' | 'outcome';
type Group = Schema<'SeriesView'>['groups'][number];
type PartsProps = { filter: UsageFilter; range: RangeSearch; parts: readonly Part[] };

const TITLES: Record<Part, string> = { route: 'Routes', module: 'Modules', api_key: 'API keys', status: 'Statuses', outcome: 'Outcomes' };

/** By what the requests differ: routes, modules, keys, statuses, outcomes. Each leads to its requests. */
export function Parts({ parts, ...rest }: PartsProps) {
  return parts.map((part) => (
    <Panel key={part} title={TITLES[part]} note="By requests">
      <OnePart part={part} {...rest} />
    </Panel>
  ));
}

function OnePart({ part, filter, range }: Omit<PartsProps, 'parts'> & { part: Part }) {
  const asked = { ...filter, group_by: part, top: SHOWN };
  const query = useUsageSeries(asked);
  const search = { customer: filter.customer, ...range };
  return (
    <Loaded query={query}>
      {({ groups }) => {
        const some = groups.filter(({ total }) => total.requests > 0);
        if (some.length === 0) return <Empty title="Nothing was asked for in this span" />;
        return <Bars label={TITLES[part]} bars={some.map((group) => barOf(part, group, search))} unit={(value) => many(value, 'request')} />;
      }}
    </Loaded>
  );
}

function barOf(part: Part, { key, label, total }: Group, search: Record<string, unknown>): Bar {
  const shown = part === 'route' && key ? <code>{label}</code> : key === null ? 'All others' : label;
  // All others together are told apart on the page of usage.
  const to = { ...search, ...(filterOf(part, key) ?? { by: part }) };
  return {
    key: key ?? 'others',
    label: (
      <Anchor component={Link} to="/usage" search={to as never} inherit c="var(--ink)">
        {shown}
      </Anchor>
    ),
    value: total.requests,
    note: `p95 ${milliseconds(total.p95_response_time_ms)}`,
  };
}
