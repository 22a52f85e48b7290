import { queries, type Schema } from '@/api/client';
import { many, money } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { spoken } from '@/ui/parts';
import { type Customer, nameOf } from '../customer';
import classes from './Preview.module.css';
import type { Held } from './useModules';

/** What a change of a module would do, before it is done. Without `enabled`: what the plan would say. */
export function Preview({ customer, module, enabled }: { customer: Customer; module: Held; enabled?: boolean }) {
  const query = queries.useQuery(
    'get',
    '/api/admin/customers/{customer}/modules/{module_key}/preview',
    { params: { path: { customer: nameOf(customer), module_key: module.module_key }, query: { enabled } } },
    { placeholderData: undefined },
  );
  return (
    <section className={classes.preview} aria-label="What the change does">
      <Loaded query={query}>{(preview) => <Would preview={preview} />}</Loaded>
    </section>
  );
}

function Would({ preview }: { preview: Schema<'ModulePreviewView'> }) {
  const { enabled_now, enabled_after, requests_last_30d: requests, api_keys_using_last_30d: keys, routes, also_affected } = preview;
  return (
    <>
      {preview.refused && <p className={classes.refused}>{spoken(preview.refused)}</p>}
      <dl className={classes.states}>
        <dt>Now {enabled_now ? 'on' : 'off'}</dt>
        <dd>{spoken(preview.reason_now)}</dd>
        <dt>Then {enabled_after ? 'on' : 'off'}</dt>
        <dd>{spoken(preview.reason_after)}</dd>
      </dl>
      {requests != null && keys != null && (
        <p>
          {requests === 0 ? 'Nobody used it in the last 30 days' : `${many(requests, 'request')} of ${many(keys, 'key')} used it in the last 30 days`}
          {enabled_now && !enabled_after && requests > 0 ? '; such requests will be refused with 403.' : '.'}
        </p>
      )}
      {also_affected.map((other) => (
        <p key={other.module_key}>
          {other.module_name} goes {other.enabled_after ? 'on' : 'off'}, too: {spoken(other.reason)}
        </p>
      ))}
      {routes.length > 0 && (
        <details>
          <summary>
            {many(routes.length, 'route')} of the API {enabled_after ? 'answer' : 'refuse'}
          </summary>
          <ul>
            {routes.map((route) => (
              <li key={route}>
                <code>{route}</code>
              </li>
            ))}
          </ul>
        </details>
      )}
      <p className={classes.price}>List price: {money(preview.base_price_monthly, preview.currency)} per month</p>
    </>
  );
}
