import { useMemo } from 'react';
import type { Schema } from '@/api/client';
import { Chart, type Pane, type Series } from '@/ui/Chart';
import { count } from '@/ui/format';
import { paneOfTimes, type Percentile, PERCENTILES, timesOf } from '@/ui/usage/times';
import type { Usage } from './useUsage';

type Data = Schema<'SeriesView'>;

/** The groups over time. A point that is chosen becomes the range of the page, and its requests are shown. */
export function UsageChart({ series, usage }: { series: Data; usage: Usage }) {
  const { by, time, search, range, change } = usage;
  const isErrors = search.show === 'errors';
  const at = useMemo(() => series.groups[0]?.points.map((point) => point.at) ?? momentsOf(series), [series]);
  const groups = useMemo(() => counted(series, isErrors), [series, isErrors]);
  const beneath = useMemo((): Pane => (by === 'all' ? timesOf(series.groups[0]?.points ?? []) : timesOfEach(series, time)), [series, by, time]);
  const choose = (first: number, last: number) => {
    const from = new Date(at[first]!);
    const until = new Date(Date.parse(at[last]!) + series.interval_seconds * 1000);
    document.getElementById('requests')?.scrollIntoView({ block: 'start' });
    if (from.toISOString() === range.from && until.toISOString() === range.until) return;
    change((before) => ({ ...before, range: undefined, from: from.toISOString(), until: until.toISOString() }));
  };
  return (
    <Chart
      label={isErrors ? 'Refused or failed requests' : 'Requests'}
      at={at}
      seconds={series.interval_seconds}
      series={groups}
      unit={count}
      kind="bars"
      stacked
      height={220}
      beneath={beneath}
      empty={isErrors ? 'No request was refused or failed in this span' : 'No requests in this span'}
      onChoose={choose}
      chooses="show these requests"
    />
  );
}

const named = (group: Data['groups'][number]) => ({ key: group.key ?? 'others', label: group.label, tone: group.key === null ? ('rest' as const) : undefined });

const counted = ({ groups }: Data, isErrors: boolean): Series[] =>
  groups.map((group) => ({ ...named(group), values: group.points.map((point) => (isErrors ? point.failed : point.requests)) }));

function timesOfEach({ groups }: Data, time: Percentile): Pane {
  const series = groups.map((group) => ({ ...named(group), values: group.points.map((point) => point[PERCENTILES[time]]) }));
  return paneOfTimes(`Response time, ${time}`, series);
}

/** The moments of a span in which nothing was asked: there is no group to tell them. */
function momentsOf({ from, until, interval_seconds }: Data): string[] {
  const moments: string[] = [];
  for (let at = Date.parse(from); at < Date.parse(until); at += interval_seconds * 1000) moments.push(new Date(at).toISOString());
  return moments;
}
