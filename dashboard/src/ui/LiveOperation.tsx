import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { hasEnded, type Operation, useOperation } from '@/api/useOperation';
import { span } from './format';
import classes from './LiveOperation.module.css';
import { Loaded } from './Loaded';
import { OperationActions } from './OperationActions';
import { OperationSteps } from './OperationSteps';
import { operationChanged, operationName, secondsOf } from './operations';
import { Status } from './Status';
import { useSeconds } from './useSeconds';
import { When } from './When';

/** An operation with its steps, followed live until it ends, and what can be done about it. */
export function LiveOperation({ id }: { id: string }) {
  const [attempt, setAttempt] = useState(0);
  const query = useOperation(id, attempt);
  const client = useQueryClient();
  const status = query.data?.status;
  // What the operation makes or takes away is asked for again at each of its turns; how it stood at first is no turn.
  const before = useRef(status);
  useEffect(() => {
    if (before.current !== undefined && before.current !== status) operationChanged(client);
    before.current = status;
  }, [client, status]);
  return (
    <Loaded query={query} lines={4}>
      {(operation) => <Shown operation={operation} again={() => setAttempt(attempt + 1)} />}
    </Loaded>
  );
}

function Shown({ operation, again }: { operation: Operation; again: () => void }) {
  const isOver = hasEnded(operation);
  const took = secondsOf(operation, useSeconds(!isOver));
  return (
    <div className={classes.operation}>
      <div className={classes.head}>
        <strong>{operationName(operation.kind)}</strong>
        <Status value={operation.status} />
        <span className={classes.quiet}>
          asked for <When at={operation.created_at} />
          {took !== null && ` · ${isOver ? 'took' : 'running for'} ${span(took)}`}
          {operation.attempts > 1 && ` · attempt ${operation.attempts}`}
          {operation.cancel_requested_at && !isOver && ' · being taken back'}
        </span>
        <OperationActions operation={operation} again={again} />
      </div>
      {operation.error && <p className={classes.error}>{operation.error}</p>}
      <OperationSteps operation={operation} />
    </div>
  );
}
