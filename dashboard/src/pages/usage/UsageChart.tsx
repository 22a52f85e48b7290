import { useMemo } from 'react';
import type { Schema } from '@/api/client';
import { Chart, type Pane, type Series } from '@/ui/Chart';
import { count, milliseconds } from '@/ui/format';
import type { Percentile } from './search';
import { PERCENTILES } from './percentiles';
import type { Usage } from './useUsage';

type Data = Schema<'SeriesView'>;

/** The groups over time. A point that is chosen becomes the range of the page, and its requests are shown. */
export function UsageChart({ series, usage }: { series: Data; usage: Usage }) {
  const { by, time, search, range, change } = usage;
  const isErrors = search.show === 'errors';
  const at = useMemo(() => series.groups[0]?.points.map((point) => point.at) ?? momentsOf(series), [series]);
  const groups = useMemo(() => counted(series, isErrors), [series, isErrors]);
  const beneath = useMemo((): Pane => (by === 'all' ? timesOfAll(series) : timesOf(series, time)), [series, by, time]);
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

function timesOf({ groups }: Data, time: Percentile): Pane {
  const series = groups.map((group) => ({ ...named(group), values: group.points.map((point) => point[PERCENTILES[time]]) }));
  return { label: `Response time, ${time}`, series, unit: milliseconds, height: 120 };
}

function timesOfAll({ groups }: Data): Pane {
  const points = groups[0]?.points ?? [];
  const one = (key: Percentile, colour: number): Series => ({ key, label: key, colour, values: points.map((point) => point[PERCENTILES[key]]) });
  return { label: 'Response time', series: [one('p50', 8), one('p95', 6), one('p99', 3)], unit: milliseconds, height: 120 };
}

/** The moments of a span in which nothing was asked: there is no group to tell them. */
function momentsOf({ from, until, interval_seconds }: Data): string[] {
  const moments: string[] = [];
  for (let at = Date.parse(from); at < Date.parse(until); at += interval_seconds * 1000) moments.push(new Date(at).toISOString());
  return moments;
}
