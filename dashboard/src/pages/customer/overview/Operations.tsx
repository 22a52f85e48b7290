import { LiveOperation } from '@/ui/LiveOperation';
import { hasEnded } from '@/api/useOperation';
import { Panel } from '@/ui/Panel';
import type { Customer } from '../customer';
import { useOperations } from '../operations';
import classes from './Overview.module.css';

/** The operations that somebody should watch: those under way and those that died. Nothing when there are none. */
export function Operations({ customer }: { customer: Customer }) {
  const query = useOperations(customer);
  const watched = query.data?.data.filter((operation) => !hasEnded(operation) || operation.status === 'dead') ?? [];
  if (watched.length === 0) return null;
  return (
    <Panel title="Operations" note="Under way, or waiting for somebody">
      <div className={classes.operations}>
        {watched.map(({ id }) => (
          <LiveOperation key={id} id={id} />
        ))}
      </div>
    </Panel>
  );
}
