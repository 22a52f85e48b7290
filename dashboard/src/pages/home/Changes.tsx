import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { actionName } from '@/ui/audit/actions';
import { summaryOf } from '@/ui/audit/summary';
import { Loaded } from '@/ui/Loaded';
import { Operator } from '@/ui/Operator';
import { Panel } from '@/ui/Panel';
import { When } from '@/ui/When';
import classes from './Home.module.css';
import { useChanges } from './useHome';

/** What was done last, by whom. */
export function Changes() {
  const audit = useChanges();
  return (
    <Panel
      title="Done last"
      flush
      actions={
        <Anchor component={Link} to="/audit" size="xs">
          The audit log
        </Anchor>
      }
    >
      <Loaded query={audit}>
        {({ data }) => (
          <ul className={classes.rows}>
            {data.map((row) => (
              <li key={row.id}>
                <span className={classes.grow}>
                  <Anchor component={Link} to="/audit" search={{ entry: row.id } as never} inherit c="var(--ink)">
                    {actionName(row.action)}
                  </Anchor>{' '}
                  <span className={classes.summary}>{summaryOf(row)}</span>
                </span>
                <span className={classes.quiet}>
                  <Operator id={row.admin_user_id} known={row.admin_user_name} />, <When at={row.created_at} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}
