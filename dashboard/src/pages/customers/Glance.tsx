import { UnstyledButton } from '@mantine/core';
import { queries } from '@/api/client';
import { count, words } from '@/ui/format';
import { Status } from '@/ui/Status';
import { PLANS } from '@/api/plans';
import { STATUSES } from './customer';
import classes from './Glance.module.css';
import type { CustomersSearch } from './search';

/** How many customers there are by status and plan; a click filters by it, another takes that back. */
export function Glance({ search, change }: { search: CustomersSearch; change: (next: CustomersSearch) => void }) {
  const { data } = queries.useQuery('get', '/api/admin/statistics/customers', {});
  const statuses = new Map(data?.by_status.map(({ status, customers }): [string, number] => [status, customers]));
  const plans = new Map(data?.by_plan.map(({ plan, customers }): [string, number] => [plan, customers]));
  // Statuses that nobody has are left out, but for the first three.
  const shown = STATUSES.filter((status, place) => place < 3 || (statuses.get(status) ?? 0) > 0 || search.status === status);
  return (
    <div className={classes.glance}>
      <div role="group" aria-label="By status">
        {shown.map((status) => (
          <UnstyledButton
            key={status}
            className={classes.part}
            aria-pressed={search.status === status}
            onClick={() => change({ status: search.status === status ? undefined : status })}
          >
            <Status value={status} />
            <span className={classes.count}>{data ? count(statuses.get(status) ?? 0) : '–'}</span>
          </UnstyledButton>
        ))}
      </div>
      <div role="group" aria-label="By plan">
        {PLANS.map((plan) => (
          <UnstyledButton
            key={plan}
            className={classes.part}
            aria-pressed={search.plan === plan}
            onClick={() => change({ plan: search.plan === plan ? undefined : plan })}
          >
            <span className={classes.plan}>{words(plan)}</span>
            <span className={classes.count}>{data ? count(plans.get(plan) ?? 0) : '–'}</span>
          </UnstyledButton>
        ))}
      </div>
    </div>
  );
}
