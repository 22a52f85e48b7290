import { ago } from '@/ui/format';
import { Status } from '@/ui/Status';
import { useNow } from '@/ui/useNow';
import classes from './Customers.module.css';
import type { Customer } from './customer';

/** How it stands with a subscription, and what comes of it next. */
export function CustomerStatus({ of: customer }: { of: Customer }) {
  const now = useNow();
  const { subscription_status: status, trial_ends_at: ends, suspended_at: since, suspension_reason: reason } = customer;
  const note = status === 'trial' && ends ? `ends ${ago(ends, now)}` : status === 'suspended' && since ? (reason ?? ago(since, now)) : null;
  return (
    <span className={classes.status}>
      <Status value={status} />
      {note && (
        <span className={classes.note} title={note}>
          {note}
        </span>
      )}
    </span>
  );
}
