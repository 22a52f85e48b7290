import { CopyValue } from '@/ui/CopyValue';
import { Facts } from '@/ui/Facts';
import { dayOf, words } from '@/ui/format';
import { Panel } from '@/ui/Panel';
import { When, WhenExactly } from '@/ui/When';
import { LocalTime } from './LocalTime';
import type { Customer } from '../customer';

/** Who the customer is: contact, zone, dates, ids. */
export function CustomerFacts({ customer }: { customer: Customer }) {
  const { billing_email: email, clerk_org_id: organization, trial_started_at, trial_ends_at, subscription_started_at, subscription_ends_at } = customer;
  return (
    <Panel title="Facts">
      <Facts
        facts={[
          ['Billing address', email ? <CopyValue value={email} label="billing address" /> : 'none given'],
          ['Time zone', <LocalTime zone={customer.timezone} />],
          ['Industry', customer.industry],
          ['Company size', customer.company_size],
          ['Plan', words(customer.subscription_plan)],
          ['Trial', trial_started_at && trial_ends_at ? `${dayOf(trial_started_at)} – ${dayOf(trial_ends_at)}` : null],
          ['Subscribed', subscription_started_at ? dayOf(subscription_started_at) : null],
          ['Subscription ends', subscription_ends_at ? dayOf(subscription_ends_at) : null],
          ['Signed up', <WhenExactly at={customer.created_at} />],
          ['Changed', <When at={customer.updated_at} />],
          ['Clerk organization', organization ? <CopyValue value={organization} label="Clerk organization" /> : 'not linked'],
          ['UUID', <CopyValue value={customer.id} label="UUID" />],
        ]}
      />
    </Panel>
  );
}
