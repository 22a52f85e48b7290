import { Anchor, Stack } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Schema } from '@/api/client';
import { useUsageSeries } from '@/api/useUsageSeries';
import { type Bar, Bars } from '@/ui/Bars';
import { Empty } from '@/ui/Empty';
import { Figure, Figures } from '@/ui/Figure';
import { compact, milliseconds, share } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { RangePicker } from '@/ui/RangePicker';
import { rangeQuery, rangeSearch, useRange } from '@/ui/range';
import { failing } from '@/ui/usage/totals';
import { KeyChart } from './KeyChart';
import type { Key } from './key';
import classes from './Keys.module.css';

/** More outcomes than there are. */
const OUTCOMES = 20;

/** How a key was used in the page's range: how often it was let in, and why it wasn't. */
export function KeyUse({ customer, of: key }: { customer: string; of: Key }) {
  const range = useRange('7d', true);
  // To the page of usage goes what stands in this page's address.
  const search = { customer, api_key_id: key.id, ...rangeSearch(range) };
  const asked = { customer, api_key_id: key.id, ...rangeQuery(range), group_by: 'outcome', top: OUTCOMES } as const;
  const query = useUsageSeries(asked);
  return (
    <Panel title="Verifications" note={range.label} actions={<RangePicker range={range} />}>
      <Loaded query={query}>
        {({ total, groups }) =>
          total.requests === 0 ? (
            <Empty title="It wasn’t used in this time">{key.last_used_at ? 'Choose a longer range to see when it was.' : 'It has never been used.'}</Empty>
          ) : (
            <Stack gap="md">
              <div className={classes.figures}>
              <Figures>
                <Figure label="Requests" value={compact(total.requests)} />
                <Figure label="Failed" value={compact(total.failed)} note={share(failing(total))} />
                <Figure label="Response time, p50" value={milliseconds(total.p50_response_time_ms)} />
                <Figure label="Response time, p95" value={milliseconds(total.p95_response_time_ms)} />
              </Figures>
              </div>
              <KeyChart customer={customer} id={key.id} range={range} />
              <Bars label="Verifications by outcome" bars={groups.filter((group) => group.total.requests > 0).map(barOf(total.requests, search))} most={total.requests} />
            </Stack>
          )
        }
      </Loaded>
    </Panel>
  );
}

const barOf = (all: number, search: Record<string, unknown>) => ({ key, label, total }: Schema<'SeriesView'>['groups'][number]): Bar => ({
  key: key ?? '',
  label: (
    <Anchor component={Link} to="/usage" search={{ ...search, outcome: key ?? undefined } as never} hash="requests" inherit c="var(--ink)">
      {key === 'ok' ? 'Let in and answered' : label}
    </Anchor>
  ),
  value: total.requests,
  note: share(total.requests / all),
});
