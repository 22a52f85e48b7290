import { Anchor, Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { queries } from '@/api/client';
import { useMay } from '@/session/session';
import { Stacked } from '@/ui/Columns';
import { DataTable } from '@/ui/DataTable';
import { openLimit } from '@/ui/limits/LimitForm';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { useAskedAct } from '../acts';
import { addressOf, type Customer, nameOf, pathOf } from '../customer';
import classes from './Limits.module.css';
import { useColumns } from './columns';
import { heldOf } from './held';

/** How many requests the customer may make: what was set for them, and what holds for everybody. */
export default function LimitsTab({ customer }: { customer: Customer }) {
  const mayChange = useMay()('customers:write');
  const own = queries.useQuery('get', '/api/admin/customers/{customer}/limits', { params: pathOf(customer) }, { placeholderData: undefined });
  const settings = queries.useQuery('get', '/api/admin/settings', {}, { staleTime: 60_000 });
  const columns = useColumns(customer);
  const set = () => openLimit({ customer: nameOf(customer) });
  useAskedAct({ limit: mayChange && set });
  const query = {
    data: own.data && settings.data && heldOf(own.data.data, settings.data.limits),
    error: own.error ?? settings.error,
    dataUpdatedAt: Math.min(own.dataUpdatedAt, settings.dataUpdatedAt),
    refetch: () => Promise.all([own.refetch(), settings.refetch()]),
  };
  return (
    <Stacked>
      <Panel title="Limits" note="Over all keys of the customer’s" flush actions={mayChange && <Button onClick={set}>Set a limit</Button>}>
        <Loaded query={query}>{(held) => <DataTable label="Limits, one a line" columns={columns} rows={held} rowKey={({ route }) => route ?? ''} />}</Loaded>
      </Panel>
      <Others customer={customer} />
    </Stacked>
  );
}

/** The limits that stand elsewhere. */
function Others({ customer }: { customer: Customer }) {
  return (
    <Panel title="Other limits">
      <ul className={classes.others}>
        <li>
          Each key has one of its own: <To customer={customer} tab="keys" label="API keys" />
        </li>
        <li>
          A module may have one, decided for this customer: <To customer={customer} tab="modules" label="Plan and modules" />
        </li>
        <li>The one that is reached first refuses, with 429 and when to come back.</li>
      </ul>
    </Panel>
  );
}

function To({ customer, tab, label }: { customer: Customer; tab: string; label: string }) {
  const { to, params } = addressOf(customer, tab);
  return (
    <Anchor component={Link} to={to} params={params as never} inherit underline="always">
      {label}
    </Anchor>
  );
}
