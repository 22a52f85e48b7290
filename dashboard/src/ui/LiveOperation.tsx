import { hasEnded, type Operation, useOperation } from '@/api/useOperation';
import classes from './LiveOperation.module.css';
import { Loaded } from './Loaded';
import { OperationActions } from './OperationActions';
import { OperationSteps } from './OperationSteps';
import { operationName, statusLabel } from './operations';
import { Status } from './Status';
import { workTook } from './took';
import { useSeconds } from './useSeconds';
import { When } from './When';

/** An operation with its steps, followed live until it ends, and what can be done about it. */
export function LiveOperation({ id }: { id: string }) {
  return (
    <Loaded query={useOperation(id)} lines={4}>
      {(operation) => <Shown operation={operation} />}
    </Loaded>
  );
}

function Shown({ operation }: { operation: Operation }) {
  const isOver = hasEnded(operation);
  const now = useSeconds(!isOver);
  return (
    <div className={classes.operation}>
      <div className={classes.head}>
        <strong>{operationName(operation.kind)}</strong>
        <Status value={operation.status} label={statusLabel(operation)} />
        <span className={classes.quiet}>
          asked for <When at={operation.created_at} />
          {operation.started_at && operation.status !== 'queued' && ` · ${isOver ? 'took' : 'running for'} ${workTook(operation, now)}`}
          {operation.attempts > 1 && ` · attempt ${operation.attempts}`}
        </span>
        <OperationActions operation={operation} compact />
      </div>
      {operation.error && operation.status !== 'succeeded' && <p className={classes.error}>{operation.error}</p>}
      <OperationSteps operation={operation} />
    </div>
  );
}
