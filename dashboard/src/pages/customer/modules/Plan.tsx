import { Button } from '@mantine/core';
import { problemOf } from '@/api/problem';
import { useMay } from '@/session/session';
import { Failure } from '@/ui/Failure';
import { Facts } from '@/ui/Facts';
import { dayOf, words } from '@/ui/format';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import type { Customer } from '../customer';
import { openPlanChange } from './ChangePlan';
import { listPriceOf } from './listPrice';
import { type Held, useModules } from './useModules';

/** What the customer bought, and what it would cost by the price list. */
export function Plan({ customer }: { customer: Customer }) {
  const may = useMay();
  const { data, prices } = useModules(customer);
  const price = data ? listPriceOf(data) : null;
  const missing = prices.error && !prices.data ? problemOf(prices.error) : null;
  const { trial_started_at, trial_ends_at, subscription_started_at, subscription_ends_at } = customer;
  return (
    <Panel
      title="Plan"
      actions={
        may('subscriptions:write') && (
          <Button variant="default" onClick={() => openPlanChange(customer)}>
            Change
          </Button>
        )
      }
    >
      <Facts
        facts={[
          ['Plan', words(customer.subscription_plan)],
          ['Subscription', <Status value={customer.subscription_status} />],
          ['Trial', trial_started_at && trial_ends_at ? `${dayOf(trial_started_at)} – ${dayOf(trial_ends_at)}` : null],
          ['Subscribed since', subscription_started_at ? dayOf(subscription_started_at) : null],
          ['Ends', subscription_ends_at ? dayOf(subscription_ends_at) : null],
          ['Modules on', data ? `${data.filter(({ enabled }) => enabled).length} of ${data.length}` : null],
          ['Decided for them', data ? `${data.filter(isOverride).length} by override` : null],
          ['List price of what is on', price && `${price} per month`],
        ]}
      />
      {missing && <Failure problem={{ ...missing, title: `No list prices: ${missing.title}` }} retry={() => void prices.refetch()} />}
    </Panel>
  );
}

const isOverride = ({ source }: Held) => source === 'override';
