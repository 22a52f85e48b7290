import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { count } from '@/ui/format';
import { Status } from '@/ui/Status';
import type { Customer } from '../customer';
import classes from './Bulk.module.css';
import type { BulkRow } from './useBulkRun';

type BulkProgressProps = {
  rows: readonly BulkRow[];
  /** What the act is called when it was done: "suspended". */
  done: string;
  running: boolean;
  run: (customers: Customer[]) => void;
  stop: () => void;
  close: () => void;
};

/** How far it is, and what came of each: those that failed first, with the reason. */
export function BulkProgress({ rows, done, running, run, stop, close }: BulkProgressProps) {
  const of = (state: BulkRow['state']) => rows.filter((row) => row.state === state);
  const failed = of('failed');
  const waiting = of('waiting');
  const ended = rows.length - waiting.length - of('running').length;
  const customersOf = (some: BulkRow[]) => some.map((row) => row.customer);
  return (
    <Stack gap="sm">
      <Text size="sm" role="status">
        {running ? `${count(ended)} of ${count(rows.length)}` : `${count(of('done').length)} ${done}`}
        {failed.length > 0 && `, ${count(failed.length)} failed`}
        {!running && waiting.length > 0 && `, ${count(waiting.length)} not begun`}
      </Text>
      <Progress value={(ended / rows.length) * 100} size="xs" aria-label="How far it is" />
      <ul className={classes.rows} tabIndex={0} aria-label="What came of each">
        {[...failed, ...of('running'), ...waiting, ...of('done')].map(({ customer, state, problem }) => (
          <li key={customer.id}>
            <Status value={state} label={state === 'waiting' && !running ? 'Not begun' : undefined} tone={state === 'waiting' ? 'quiet' : undefined} />
            <span>
              {customer.company_name}
              {problem && <span className={classes.why}>{problem.detail || problem.title}</span>}
            </span>
          </li>
        ))}
      </ul>
      <Group justify="flex-end" gap="xs">
        {running ? (
          <Button variant="default" onClick={stop}>
            Stop after this one
          </Button>
        ) : (
          <>
            {waiting.length > 0 && (
              <Button variant="default" onClick={() => run(customersOf(waiting))}>
                Go on with the rest
              </Button>
            )}
            {failed.length > 0 && (
              <Button variant="default" onClick={() => run(customersOf(failed))}>
                Try the failed ones again
              </Button>
            )}
            <Button autoFocus onClick={close}>
              Done
            </Button>
          </>
        )}
      </Group>
    </Stack>
  );
}
