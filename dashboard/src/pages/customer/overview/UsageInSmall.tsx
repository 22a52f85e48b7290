import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { queries, type Schema } from '@/api/client';
import { Chart } from '@/ui/Chart';
import { Facts } from '@/ui/Facts';
import { count, milliseconds, share } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { rangeQuery, useSpan } from '@/ui/range';
import { failing } from '@/ui/usage/totals';
import { useShowRequests } from '@/ui/useShowRequests';
import { addressOf, type Customer, nameOf } from '../customer';
import classes from './Overview.module.css';

/** The last 30 days in a few numbers. */
export function UsageInSmall({ customer }: { customer: Customer }) {
  const { from, until } = useSpan('30d');
  const query = queries.useQuery('get', '/api/admin/usage/series', {
    params: { query: { customer: nameOf(customer), ...rangeQuery({ from, until }) } },
  });
  const { to, params } = addressOf(customer, 'usage');
  return (
    <Panel
      title="Usage"
      note="Last 30 days"
      actions={
        <Anchor component={Link} to={to} params={params as never} size="sm">
          All usage
        </Anchor>
      }
    >
      <Loaded query={query}>{(usage) => <InSmall usage={usage} customer={nameOf(customer)} />}</Loaded>
    </Panel>
  );
}

function InSmall({ usage, customer }: { usage: Schema<'SeriesView'>; customer: string }) {
  const { at, requests, failed } = useMemo(() => {
    const points = usage.groups[0]?.points ?? [];
    return { at: points.map((point) => point.at), requests: points.map((point) => point.requests), failed: points.map((point) => point.failed) };
  }, [usage]);
  const chosen = useShowRequests(at, { customer });
  const { total } = usage;
  if (total.requests === 0) return <>Nothing was asked for in the last 30 days.</>;
  return (
    <div className={classes.small}>
      <Facts
        facts={[
          ['Requests', count(total.requests)],
          ['Refused or failed', `${count(total.failed)}, ${share(failing(total))} of them`],
          ['Response time, p50', milliseconds(total.p50_response_time_ms)],
          ['Response time, p95', milliseconds(total.p95_response_time_ms)],
        ]}
      />
      <Chart
        label="Requests per day, last 30 days"
        kind="bars"
        height={120}
        at={at}
        {...chosen}
        series={[
          { key: 'requests', label: 'Requests', values: requests },
          { key: 'failed', label: 'Of these refused or failed', values: failed, tone: 'bad' },
        ]}
      />
    </div>
  );
}
