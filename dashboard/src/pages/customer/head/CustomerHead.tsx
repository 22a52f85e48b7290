import { CopyValue } from '@/ui/CopyValue';
import { dayOf, words } from '@/ui/format';
import { PageHeader } from '@/ui/PageHeader';
import { Status } from '@/ui/Status';
import { type Customer, nameOf } from '../customer';
import { Actions } from './Actions';
import { Wrongs } from './Wrongs';

/** Who it is, how they stand, what can be done, and what is wrong before all else. */
export function CustomerHead({ customer }: { customer: Customer }) {
  const since = `customer since ${dayOf(customer.created_at)}`;
  return (
    <>
      <PageHeader
        title={customer.company_name}
        beside={
          <>
            <Status value={customer.subscription_status} />
            <CopyValue value={nameOf(customer)} label="customerId" />
          </>
        }
        note={`${words(customer.subscription_plan)} plan · ${since}${trial(customer)}`}
        actions={<Actions customer={customer} />}
      />
      <Wrongs customer={customer} />
    </>
  );
}

function trial(customer: Customer): string {
  const { subscription_status: status, trial_ends_at: ends } = customer;
  return status === 'trial' && ends ? ` · trial until ${dayOf(ends)}` : '';
}
