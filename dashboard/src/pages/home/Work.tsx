import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Empty } from '@/ui/Empty';
import { Loaded } from '@/ui/Loaded';
import { operationName, statusLabel } from '@/ui/operations';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { When } from '@/ui/When';
import classes from './Home.module.css';
import { useOperations } from './useHome';

const SHOWN = 6;

/** Operations that were given up and those under way, and the newest ones where those leave room. */
export function Work() {
  const operations = useOperations(SHOWN);
  return (
    <Panel
      title="Work"
      note="Operations on customers"
      flush
      actions={
        <Anchor component={Link} to="/operations" size="xs">
          All operations
        </Anchor>
      }
    >
      <Loaded query={operations}>
        {(shown) =>
          shown.length === 0 ? (
            <Empty title="There was no operation yet">Signing a customer up is one. Its steps can be watched here.</Empty>
          ) : (
            <ul className={classes.rows}>
              {shown.map((operation) => (
                <li key={operation.id}>
                  <span className={classes.grow}>
                    <Anchor component={Link} to="/operations/$id" params={{ id: operation.id } as never} inherit>
                      {operationName(operation.kind)}: {operation.customer_id}
                    </Anchor>
                  </span>
                  <span className={classes.quiet}>
                    <When at={operation.finished_at ?? operation.started_at ?? operation.created_at} />
                  </span>
                  <Status value={operation.status} label={statusLabel(operation)} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}
