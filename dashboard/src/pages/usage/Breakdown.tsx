import { SegmentedControl } from '@mantine/core';
import { span } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { GROUPS, type GroupName } from '@/api/usageGroups';
import type { Percentile } from '@/ui/usage/times';
import { GroupsTable } from './GroupsTable';
import classes from './Usage.module.css';
import { UsageChart } from './UsageChart';
import { type Usage, useSeries } from './useUsage';

/** Requests over time, put together by something, and what each group is in numbers. */
export function Breakdown({ usage }: { usage: Usage }) {
  const { by, search, time, change } = usage;
  const series = useSeries(usage);
  return (
    <Panel
      flush
      title={search.show === 'errors' ? 'Refused or failed requests' : 'Requests'}
      note={series.data && `each point ${span(series.data.interval_seconds)}`}
      actions={
        <>
          <Switch label="What is counted" value={search.show ?? 'requests'} choices={{ requests: 'Requests', errors: 'Errors' }} change={(show) => change({ show: show === 'errors' ? show : undefined })} />
          <Switch label="Response time" value={time} choices={{ p50: 'p50', p95: 'p95', p99: 'p99' }} change={(next) => change({ time: next === 'p95' ? undefined : (next as Percentile) })} />
        </>
      }
    >
      <div className={classes.by}>
        <Switch label="Put together by" value={by} choices={GROUPS} change={(next) => change({ by: next as GroupName })} />
      </div>
      <div className={classes.chart}>
        <Loaded query={series} lines={8}>
          {(data) => <UsageChart series={data} usage={usage} />}
        </Loaded>
      </div>
      {by !== 'all' && <GroupsTable series={series} usage={usage} />}
    </Panel>
  );
}

type SwitchProps = { label: string; value: string; choices: Record<string, string>; change: (value: string) => void };

const Switch = ({ label, value, choices, change }: SwitchProps) => (
  <SegmentedControl size="xs" aria-label={label} value={value} onChange={change} data={Object.entries(choices).map(([key, name]) => ({ value: key, label: name }))} />
);
