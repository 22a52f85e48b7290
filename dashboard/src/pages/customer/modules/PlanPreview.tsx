import type { ReactNode } from 'react';
import type { Schema } from '@/api/client';
import { count, many, money, words } from '@/ui/format';
import { centsAMonth, moneyOf } from '@/ui/money';
import { spoken } from '@/ui/parts';
import { Status } from '@/ui/Status';
import type { Customer } from '../customer';
import classes from './Preview.module.css';

type Plan = Schema<'PlanPreviewView'>;
type Module = Plan['modules_gained'][number];

/** How many keys are named. */
const NAMED = 5;

/** What another plan would change: modules, what was decided for the customer, limits, keys, and the list price. */
export function PlanPreview({ preview, customer }: { preview: Plan; customer: Customer }) {
  const { direction, plan_now, plan_after, modules_gained: gained, modules_lost: lost, overrides, limits_changed: limits, api_keys_affected: keys } = preview;
  if (direction === 'none') {
    return (
      <section className={classes.preview} aria-label="What the change does">
        <p>
          {customer.company_name} has the {words(plan_now)} plan. Choose another one to see what would change.
        </p>
      </section>
    );
  }
  return (
    <section className={classes.preview} aria-label="What the change does">
      <p>
        <strong>
          {words(plan_now)} → {words(plan_after)}
        </strong>
        , {direction === 'upgrade' ? 'an upgrade' : 'a downgrade'}. {priceOf(gained, lost)}
      </p>
      <Part title={gained.length === 0 ? 'No module comes on' : 'Comes on'}>
        {gained.map((module) => (
          <li key={module.module_key}>
            <Status value="ok" label={module.module_name} /> <span className={classes.quiet}>{module.base_price_monthly === null ? 'not in the price list' : `${money(module.base_price_monthly, module.currency)} per month`}</span>
          </li>
        ))}
      </Part>
      <Part title={lost.length === 0 ? 'No module goes off' : 'Goes off: requests to it are refused with 403, and nothing is deleted'}>
        {lost.map((module) => (
          <li key={module.module_key}>
            <Status value="" tone="bad" label={module.module_name} /> <span className={classes.quiet}>{usedBy(module)}</span>
          </li>
        ))}
      </Part>
      {keys && keys.length > 0 && (
        <Part title={`${many(preview.api_keys_affected_total, 'key')} used what goes off in the last 30 days`}>
          {keys.slice(0, NAMED).map((key) => (
            <li key={key.id}>
              {key.name} <code>{key.prefix}…</code> <span className={classes.quiet}>{many(key.requests_last_30d, 'request')}</span>
            </li>
          ))}
          {(preview.api_keys_affected_total ?? keys.length) > NAMED && <li className={classes.quiet}>and {count((preview.api_keys_affected_total ?? keys.length) - NAMED)} more</li>}
        </Part>
      )}
      {overrides.length > 0 && (
        <Part title="Decided for this customer, and stays as it is">
          {overrides.map((one) => (
            <li key={one.module_key}>
              {one.module_name}: {one.enabled ? 'on' : 'off'}
              {one.reason && <span className={classes.quiet}> ({one.reason})</span>}
            </li>
          ))}
        </Part>
      )}
      {limits.length > 0 && (
        <Part title="Limits">
          {limits.map((one) => (
            <li key={one.module_key}>
              {one.module_name}: {one.usage_limit == null ? 'without limit' : `${count(one.usage_count)} of ${count(one.usage_limit)} requests used`}
              <span className={classes.quiet}>{one.applies_after ? ', holds from then on' : ', holds no more'}</span>
            </li>
          ))}
        </Part>
      )}
    </section>
  );
}

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <div className={classes.part}>
    <h3>{title}</h3>
    <ul>{children}</ul>
  </div>
);

function usedBy({ requests_last_30d: requests, api_keys_using_last_30d: keys, reason }: Module): string {
  if (requests == null || keys == null) return spoken(reason);
  if (requests === 0) return 'nobody used it in the last 30 days';
  return `${many(requests, 'request')} of ${many(keys, 'key')} in the last 30 days`;
}

function priceOf(gained: readonly Module[], lost: readonly Module[]): string {
  const difference = centsAMonth(gained) - centsAMonth(lost);
  const currency = [...gained, ...lost][0]?.currency;
  if (difference === 0) return 'The list price stays the same.';
  return `The list price of what is on ${difference > 0 ? 'rises' : 'falls'} by ${moneyOf(Math.abs(difference), currency)} per month.`;
}
