import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { Chart, Lines } from '@/ui/Chart';
import { count, span } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { type Range, rangeSearch } from '@/ui/range';
import { timesOf } from '@/ui/usage/times';
import { useShowRequests } from '@/ui/useShowRequests';
import classes from './Home.module.css';
import { byOutcome } from './traffic';
import { useTraffic } from './useHome';

// While the numbers are under way.
void Lines.load();

/** Requests and errors over time, and beneath how fast they were answered. */
export function Traffic({ range }: { range: Range }) {
  const usage = useTraffic(range);
  const drawn = useMemo(() => {
    if (!usage.data) return undefined;
    const points = usage.data.groups[0]?.points ?? [];
    return {
      seconds: usage.data.interval_seconds,
      at: points.map((point) => point.at),
      series: byOutcome(points),
      beneath: timesOf(points),
    };
  }, [usage.data]);
  const chosen = useShowRequests(drawn?.at ?? [], {}, drawn?.seconds);
  return (
    <Panel
      title="Requests and response times"
      note={drawn && `each point ${span(drawn.seconds)}`}
      actions={
        <Anchor component={Link} to="/usage" search={rangeSearch(range) as never} size="xs">
          By customer, key, route
        </Anchor>
      }
    >
      <div className={classes.traffic}>
        <Loaded query={usage} lines={8}>
          {() =>
            drawn && (
              <Chart
                label="Requests"
                at={drawn.at}
                seconds={drawn.seconds}
                series={drawn.series}
                unit={count}
                kind="bars"
                stacked
                height={190}
                beneath={drawn.beneath}
                empty="No requests in this span"
                {...chosen}
              />
            )
          }
        </Loaded>
      </div>
    </Panel>
  );
}
