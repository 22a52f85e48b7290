import { Group, Stack } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { Schema } from '@/api/client';
import { hasEnded, type Operation, useOperation } from '@/api/useOperation';
import { span } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { OperationActions } from '@/ui/OperationActions';
import { OperationSteps } from '@/ui/OperationSteps';
import { statusLabel } from '@/ui/operations';
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
  const query = useOperation(id);
  const head = useRef<HTMLDivElement>(null);
  useEffect(() => head.current?.focus(), []);
  return (
    <div className={classes.progress}>
      <div ref={head} tabIndex={-1} className={classes.focus} role="status" aria-label="The sign-up">
        <Panel title="The sign-up" note={query.data && noteOf(query.data)} actions={query.data && <Status value={query.data.status} label={statusLabel(query.data)} />} flush>
          <Loaded query={query} lines={5}>
            {(operation) => (
              <Stack gap="sm">
                <OperationSteps operation={operation} />
                {!hasEnded(operation) && (
                  <Group px="md" pb="sm">
                    <OperationActions operation={operation} compact />
                  </Group>
                )}
              </Stack>
            )}
          </Loaded>
        </Panel>
      </div>
      {query.data && hasEnded(query.data) && <End operation={query.data} begun={begun} again={again} onSettled={onSettled} />}
    </div>
  );
}

type EndProps = Omit<ProgressProps, 'operation'> & { operation: Operation };

function End({ operation, begun, again, onSettled }: EndProps) {
  if (operation.status === 'succeeded') return <FirstKey customer={operation.customer_id} secret={begun?.api_key.key ?? null} onCopied={onSettled} again={() => again(false)} />;
  const isDead = operation.status === 'dead';
  return <Unsuccessful operation={operation} again={() => again(true)} hasForm={begun !== null} onSettled={isDead ? undefined : onSettled} />;
}

function noteOf({ customer_id, created_at, finished_at }: Operation): string {
  return finished_at ? `${customer_id}, in ${span((Date.parse(finished_at) - Date.parse(created_at)) / 1000)}` : customer_id;
}
