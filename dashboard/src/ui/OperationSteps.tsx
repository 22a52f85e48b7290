import { hasEnded, type Operation } from '@/api/useOperation';
import { NOTHING, span, words } from './format';
import classes from './OperationSteps.module.css';
import { Status } from './Status';
import { took } from './took';
import { useSeconds } from './useSeconds';

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

/** The steps of an operation: how each stands, how long it took, what it said, and where there is room, its place in the whole. */
export function OperationSteps({ operation }: { operation: Operation }) {
  const isOver = hasEnded(operation);
  const now = useSeconds(!isOver);
  if (operation.steps.length === 0) return <p className={classes.waiting}>Waiting for a worker to take it up. The steps follow.</p>;
  const began = operation.steps.map((step) => step.started_at).filter((at) => at != null).sort()[0] ?? operation.started_at;
  const ended = operation.finished_at ? Date.parse(operation.finished_at) : now;
  const whole = began ? Math.max(1, ended - Date.parse(began)) : 1;
  return (
    <div className={classes.room}>
      <table className={classes.steps} aria-label="Steps">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Status</th>
            <th scope="col" className={classes.drawn} data-align="end">
              Began after
            </th>
            <th scope="col" data-align="end">
              Took
            </th>
            <th scope="col" className={classes.drawn}>
              Where in the whole
            </th>
          </tr>
        </thead>
        <tbody>
          {operation.steps.map((step) => {
            const from = step.started_at && began ? Date.parse(step.started_at) - Date.parse(began) : null;
            return (
              <tr key={step.name}>
                <td>
                  {DOES[step.name] ?? words(step.name)}
                  {step.detail && <div className={classes.detail}>{step.detail}</div>}
                </td>
                <td>
                  <Status value={step.status} tone={step.status === 'pending' ? 'quiet' : undefined} label={labelOf(step, isOver)} />
                </td>
                <td className={classes.drawn} data-align="end">
                  {from === null ? NOTHING : span(from / 1000)}
                </td>
                <td data-align="end">{took(step.started_at, step.finished_at, now)}</td>
                <td className={classes.drawn}>{from !== null && <Place step={step} from={from / whole} length={lengthOf(step, now) / whole} />}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function labelOf({ status }: Step, isOver: boolean): string | undefined {
  if (status === 'succeeded') return 'Done';
  return status === 'pending' ? (isOver ? 'Not begun' : 'To come') : undefined;
}

function lengthOf({ started_at, finished_at }: Step, now: number): number {
  const until = finished_at ? Date.parse(finished_at) : now;
  return started_at ? Math.max(0, until - Date.parse(started_at)) : 0;
}

const share = (part: number) => `${Math.min(100, part * 100)}%`;

const Place = ({ step, from, length }: { step: Step; from: number; length: number }) => (
  <span className={classes.track} aria-hidden>
    <span data-status={step.status} style={{ left: share(from), width: share(length) }} />
  </span>
);
