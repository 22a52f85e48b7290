import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMay } from '@/session/session';
import { words } from '@/ui/format';
import { CustomerLink } from '@/ui/CustomerLink';
import { Empty } from '@/ui/Empty';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import type { Range } from '@/ui/range';
import { Status } from '@/ui/Status';
import { When } from '@/ui/When';
import { Growth } from './Growth';
import classes from './Home.module.css';
import { useNewest } from './useHome';

/** How the number of customers grew, and who came last. */
export function Customers({ range }: { range: Range }) {
  const may = useMay();
  const newest = useNewest();
  return (
    <Panel
      title="Customers"
      flush
      actions={
        may('customers:write') && (
          <Anchor component={Link} to="/customers/new" size="xs">
            Sign one up
          </Anchor>
        )
      }
    >
      <Growth range={range} />
      <Loaded query={newest}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="There is no customer yet">Sign the first one up: it gets a database of its own and an API key in some seconds.</Empty>
          ) : (
            <ul className={classes.rows} aria-label="The newest customers">
              {data.map((customer) => (
                <li key={customer.id}>
                  <span className={classes.grow}>
                    <CustomerLink customer={customer.customer_id ?? customer.id} name={customer.company_name} />
                  </span>
                  <span className={classes.quiet}>
                    {words(customer.subscription_plan)}, <When at={customer.created_at} />
                  </span>
                  <Status value={customer.subscription_status} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}
