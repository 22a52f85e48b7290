import { Button, Group } from '@mantine/core';
import { useEffect } from 'react';
import type { Operation } from '@/api/useOperation';
import { whatBecame } from '@/ui/became';
import { Empty } from '@/ui/Empty';
import { OperationActions } from '@/ui/OperationActions';
import { Panel } from '@/ui/Panel';

type UnsuccessfulProps = { operation: Operation; again: () => void; hasForm: boolean; onSettled: (() => void) | undefined };

const MEANS: Record<string, string> = {
  canceled: 'It was taken back: nothing of the customer is left, and their API key opens nothing.',
  failed: 'Nothing of the customer is left, and their API key opens nothing. Mend what is wrong, then sign them up once more.',
};

/** Why a sign-up came to nothing, and what can be done. */
export function Unsuccessful({ operation, again, hasForm, onSettled }: UnsuccessfulProps) {
  useEffect(() => onSettled?.(), []);
  const isDead = operation.status === 'dead';
  return (
    <Panel flush>
      <div role="alert">
        <Empty
          title={operation.status === 'canceled' ? 'The sign-up was taken back' : 'The sign-up didn’t succeed'}
          action={
            <Group gap="xs">
              <OperationActions operation={operation} />
              <Button variant={isDead ? 'default' : 'filled'} autoFocus={!isDead} onClick={again}>
                {hasForm ? 'Back to the form' : 'Sign another customer up'}
              </Button>
            </Group>
          }
        >
          {operation.error && (
            <>
              <code>{operation.error}</code>
              <br />
            </>
          )}
          {MEANS[operation.status] ?? whatBecame(operation)?.next}
        </Empty>
      </div>
    </Panel>
  );
}
