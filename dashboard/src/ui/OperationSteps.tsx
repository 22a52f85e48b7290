import { useEffect, useState } from 'react';
import type { Operation } from '@/api/useOperation';
import { span, words } from './format';
import classes from './OperationSteps.module.css';
import { Status } from './Status';

type Step = Operation['steps'][number];

const DOES: Record<string, string> = {
  place: 'Reserve a port and make passwords',
  create_instance: 'Copy the database’s template',
  start_instance: 'Start the database',
  configure_database: 'Roles, passwords, migrations, proof of isolation',
  restore_backup: 'Fill the database from the backup',
  activate_customer: 'Let the customer in',
  destroy_instance: 'Stop the database and delete it',
  remove_customer: 'Remove the customer from the catalog',
};

/** The steps of an operation: how each stands, how long it took, and what it said. */
export function OperationSteps({ operation }: { operation: Operation }) {
  const now = useTicks(operation.steps.some((step) => step.status === 'running'));
  if (operation.steps.length === 0) return <p className={classes.waiting}>Waiting for a worker to take it up. The steps follow.</p>;
  return (
    <ol className={classes.steps}>
      {operation.steps.map((step) => (
        <li key={step.name}>
          <span className={classes.status}>
            <Status value={step.status} tone={step.status === 'pending' ? 'quiet' : undefined} label={step.status === 'succeeded' ? 'Done' : undefined} />
          </span>
          <span>
            {DOES[step.name] ?? words(step.name)}
            {step.detail && <span className={classes.detail}>{step.detail}</span>}
          </span>
          <span className={classes.time}>{timeOf(step, now)}</span>
        </li>
      ))}
    </ol>
  );
}

function timeOf({ started_at, finished_at }: Step, now: number): string {
  if (!started_at) return '';
  const until = finished_at ? Date.parse(finished_at) : Math.max(now, Date.parse(started_at));
  return span((until - Date.parse(started_at)) / 1000);
}

/** The time, four times a second while something runs. */
function useTicks(running: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}
