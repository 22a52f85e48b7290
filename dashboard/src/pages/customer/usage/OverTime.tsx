import { useMemo } from 'react';
import type { Schema } from '@/api/client';
import { useUsageSeries } from '@/api/useUsageSeries';
import { Chart } from '@/ui/Chart';
import { Empty } from '@/ui/Empty';
import { span } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { timesOf } from '@/ui/usage/times';
import { useShowRequests } from '@/ui/useShowRequests';
import type { UsageFilter } from './filter';
import classes from './Usage.module.css';

const LENGTHS: Record<number, string> = { 60: 'minute', 300: 'span of 5 minutes', 900: 'quarter of an hour', 3600: 'hour', 86400: 'day' };

/** Requests and response times, point by point. */
export function OverTime({ filter }: { filter: UsageFilter }) {
  const query = useUsageSeries(filter);
  return (
    <Loaded query={query} lines={8}>
      {(series) => (series.total.requests === 0 ? <Nothing /> : <Charts series={series} customer={filter.customer} />)}
    </Loaded>
  );
}

const Nothing = () => (
  <Empty title="Nothing was asked for in this span">
    As soon as one of the customer’s programs calls the API, its requests stand here, within seconds. Choose a longer span to look further back.
  </Empty>
);

function Charts({ series, customer }: { series: Schema<'SeriesView'>; customer: string }) {
  const points = useMemo(() => {
    const all = series.groups[0]?.points ?? [];
    return {
      at: all.map(({ at }) => at),
      requests: all.map(({ requests }) => requests),
      failed: all.map(({ failed }) => failed),
      times: timesOf(all),
    };
  }, [series]);
  const chosen = useShowRequests(points.at, { customer }, series.interval_seconds);
  const each = LENGTHS[series.interval_seconds] ?? span(series.interval_seconds);
  return (
    <>
      <Chart
        label={`Requests by ${each}`}
        kind="bars"
        at={points.at}
        seconds={series.interval_seconds}
        series={[
          { key: 'requests', label: 'Requests', values: points.requests },
          { key: 'failed', label: 'Of these refused or failed', values: points.failed, tone: 'bad' },
        ]}
        beneath={points.times}
        {...chosen}
      />
      <p className={classes.more}>Each point is one {each}.</p>
    </>
  );
}
