import { Anchor } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { Chart } from '@/ui/Chart';
import { count, words } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import type { Range } from '@/ui/range';
import classes from './Home.module.css';
import { useGrowth } from './useHome';
import { beforeRange } from './words';

/** How many customers there were over time, and of which plans and states they are now. */
export function Growth({ range }: { range: Range }) {
  const navigate = useNavigate();
  const growth = useGrowth(range);
  const points = growth.data?.series;
  const drawn = useMemo(
    () => ({
      at: points?.map((point) => point.at) ?? [],
      series: [{ key: 'total', label: 'Customers', values: points?.map((point) => point.total) ?? [] }],
    }),
    [points],
  );
  // From a point to those who came then.
  const chosen = (seconds: number) => ({
    chooses: 'show who signed up then',
    onChoose: (first: number, last: number) => {
      const from = new Date(drawn.at[first]!).toISOString();
      const until = new Date(Date.parse(drawn.at[last]!) + seconds * 1000).toISOString();
      void navigate({ to: '/customers', search: { from, until } as never });
    },
  });
  return (
    <div className={classes.growth}>
      <Loaded query={growth} lines={5}>
        {({ interval_seconds, created, left, previous, by_plan, by_status }) => (
          <>
            <Chart label="Customers over time" {...drawn} seconds={interval_seconds} unit={count} kind="steps" height={96} empty="There is no customer yet" {...chosen(interval_seconds)} />
            <ul className={classes.split}>
              <li>
                {count(created)} signed up, {count(left)} left in this span; {count(previous.created)} and {count(previous.left)} in the {beforeRange(range)} before
              </li>
              {by_plan.filter(isSome).map(({ plan, customers }) => (
                <Part key={plan} filter={{ plan }} name={plan} customers={customers} />
              ))}
              {by_status.filter(isSome).map(({ status, customers }) => (
                <Part key={status} filter={{ status }} name={status} customers={customers} />
              ))}
            </ul>
          </>
        )}
      </Loaded>
    </div>
  );
}

const isSome = ({ customers }: { customers: number }) => customers > 0;

const Part = ({ name, filter, customers }: { name: string; filter: Record<string, string>; customers: number }) => (
  <li>
    <Anchor component={Link} to="/customers" search={filter as never} inherit underline="always">
      {words(name)}
    </Anchor>{' '}
    {count(customers)}
  </li>
);
