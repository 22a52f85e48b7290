import { Button } from '@mantine/core';
import type { Problem } from '@/api/problem';
import classes from './states.module.css';

type FailureProps = {
  problem: Problem;
  retry?: () => void;
  /** What the button says that tries again. */
  again?: string;
  close?: () => void;
};

/** What went wrong, what to do, and the id under which the server's log has it. */
export function Failure({ problem, retry, again = 'Try again', close }: FailureProps) {
  return (
    <div className={classes.state} role="alert" data-tone="bad">
      <p className={classes.title}>{problem.title}</p>
      {problem.detail && <p>{problem.detail}</p>}
      {problem.errors.map(({ field, message }) => (
        <p key={field}>
          <code>{field}</code> {message}
        </p>
      ))}
      {problem.instance && (
        <p className={classes.quiet}>
          Request <code>{problem.instance}</code>
        </p>
      )}
      {retry && (
        <Button variant="default" onClick={retry}>
          {again}
        </Button>
      )}
      {close && (
        <Button variant="default" onClick={close}>
          Close
        </Button>
      )}
    </div>
  );
}
