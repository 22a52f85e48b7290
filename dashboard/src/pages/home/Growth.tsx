import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { Chart } from '@/ui/Chart';
import { count, words } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import type { Range } from '@/ui/range';
import classes from './Home.module.css';
import { useGrowth } from './useHome';

/** How many customers there were over time, and of which plans and states they are now. */
export function Growth({ range }: { range: Range }) {
  const growth = useGrowth(range);
  const points = growth.data?.series;
  const drawn = useMemo(
    () => ({
      at: points?.map((point) => point.at) ?? [],
      series: [{ key: 'total', label: 'Customers', values: points?.map((point) => point.total) ?? [] }],
    }),
    [points],
  );
  return (
    <div className={classes.growth}>
      <Loaded query={growth} lines={5}>
        {({ interval_seconds, created, left, by_plan, by_status }) => (
          <>
            <Chart label="Customers over time" {...drawn} seconds={interval_seconds} unit={count} kind="steps" height={96} empty="There is no customer yet" />
            <ul className={classes.split}>
              <li>
                {count(created)} signed up, {count(left)} left in this span
              </li>
              {by_plan.map(({ plan, customers }) => (
                <li key={plan}>
                  <Anchor component={Link} to="/customers" search={{ plan } as never} inherit>
                    {words(plan)}
                  </Anchor>{' '}
                  {count(customers)}
                </li>
              ))}
              {by_status.map(({ status, customers }) => (
                <li key={status}>
                  <Anchor component={Link} to="/customers" search={{ status } as never} inherit>
                    {words(status)}
                  </Anchor>{' '}
                  {count(customers)}
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
    </div>
  );
}
