import type { Schema } from '@/api/client';
import { NOTHING, span, words } from '@/ui/format';
import { Status } from '@/ui/Status';
import { took } from '@/ui/took';
import classes from './Operations.module.css';
import { useSeconds } from './useSeconds';
import { isOver } from './kinds';

/** The steps of an operation, with when each began, how long it took, and where in the whole. */
export function OperationSteps({ operation }: { operation: Schema<'OperationView'> }) {
  const now = useSeconds(!isOver(operation.status));
  const began = operation.steps.map((step) => step.started_at).filter((at) => at != null).sort()[0] ?? operation.started_at;
  const ended = operation.finished_at ? Date.parse(operation.finished_at) : now;
  const whole = began ? Math.max(1, ended - Date.parse(began)) : 1;
  return (
    <table className={classes.steps} aria-label="Steps">
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col">Status</th>
          <th scope="col" className={classes.drawn}>
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
          const until = step.finished_at ? Date.parse(step.finished_at) : now;
          const length = step.started_at ? Math.max(0, until - Date.parse(step.started_at)) : 0;
          return (
            <tr key={step.name}>
              <td>
                {words(step.name)}
                {step.detail && <div className={classes.detail}>{step.detail}</div>}
              </td>
              <td>
                <Status value={step.status} tone={step.status === 'pending' ? 'quiet' : undefined} label={step.status === 'pending' ? (isOver(operation.status) ? 'Not begun' : 'To come') : undefined} />
              </td>
              <td className={classes.drawn}>{from === null ? NOTHING : <span title={step.started_at ?? undefined}>{span(from / 1000)}</span>}</td>
              <td data-align="end">{took(step.started_at, step.finished_at, now)}</td>
              <td className={classes.drawn}>
                {from !== null && (
                  <span className={classes.track} aria-hidden>
                    <span data-status={step.status} style={{ left: `${Math.min(100, (from / whole) * 100)}%`, width: `${Math.min(100, (length / whole) * 100)}%` }} />
                  </span>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
