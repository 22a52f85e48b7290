import { Button, Group, Stack } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { api, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { hasEnded, type Operation, useOperation } from '@/api/useOperation';
import { useMay } from '@/session/session';
import { span } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { complain } from '@/ui/notify';
import { OperationSteps } from '@/ui/OperationSteps';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { FirstKey } from './FirstKey';
import classes from './SignUp.module.css';
import { Unsuccessful } from './Unsuccessful';

type ProgressProps = {
  operation: string;
  /** What was answered to whoever began it; null after the page was loaded anew. */
  begun: Schema<'SignUpView'> | null;
  /** Back to the form, with what was written there or empty. */
  again: (keep: boolean) => void;
  /** The key may be forgotten: it was copied, or opens nothing. */
  onSettled: () => void;
};

/** A sign-up as it goes on, and what came of it. */
export function Progress({ operation: id, begun, again, onSettled }: ProgressProps) {
  const [attempt, setAttempt] = useState(0);
  const query = useOperation(id, attempt);
  const mayWrite = useMay()('operations:write');
  const head = useRef<HTMLDivElement>(null);
  useEffect(() => head.current?.focus(), []);
  const act = async (asked: Promise<unknown>) => {
    try {
      await asked;
      setAttempt((before) => before + 1);
    } catch (error) {
      complain(error);
    }
  };
  const params = { path: { id } };
  const retry = () => void act(taken(api.POST('/api/admin/operations/{id}/retry', { params })));
  const cancel = () => void act(taken(api.POST('/api/admin/operations/{id}/cancel', { params })));
  return (
    <div className={classes.progress}>
      <div ref={head} tabIndex={-1} className={classes.focus} role="status" aria-label="The sign-up">
        <Panel title="The sign-up" note={query.data && noteOf(query.data)} actions={query.data && <Status value={query.data.status} />}>
          <Loaded query={query} lines={5}>
            {(operation) => (
              <Stack gap="sm">
                <OperationSteps operation={operation} />
                {mayWrite && !hasEnded(operation) && (
                  <Group>
                    <Button variant="default" size="compact-xs" onClick={cancel} disabled={operation.cancel_requested_at != null}>
                      {operation.cancel_requested_at ? 'It is being taken back' : 'Take it back'}
                    </Button>
                  </Group>
                )}
              </Stack>
            )}
          </Loaded>
        </Panel>
      </div>
      {query.data && hasEnded(query.data) && <End operation={query.data} begun={begun} again={again} retry={mayWrite ? retry : undefined} onSettled={onSettled} />}
    </div>
  );
}

type EndProps = Omit<ProgressProps, 'operation'> & { operation: Operation; retry: (() => void) | undefined };

function End({ operation, begun, again, retry, onSettled }: EndProps) {
  if (operation.status === 'succeeded') return <FirstKey customer={operation.customer_id} secret={begun?.api_key.key ?? null} onCopied={onSettled} again={() => again(false)} />;
  const isDead = operation.status === 'dead';
  return <Unsuccessful operation={operation} again={() => again(true)} retry={isDead ? retry : undefined} hasForm={begun !== null} onSettled={isDead ? undefined : onSettled} />;
}

function noteOf({ customer_id, created_at, finished_at }: Operation): string {
  return finished_at ? `${customer_id}, in ${span((Date.parse(finished_at) - Date.parse(created_at)) / 1000)}` : customer_id;
}
