import { secondOf } from './format';
import { type Answered, keptFrom } from './keptFrom';
import classes from './states.module.css';

/** Says that what is shown is of before, since it can't be asked for anew; nothing while it can. */
export function AsOf({ query }: { query: Answered }) {
  const from = keptFrom(query);
  if (from === null) return null;
  // The same words at each attempt, so that they are heard once.
  return (
    <p className={classes.old} role="status">
      As of <time dateTime={new Date(from).toISOString()}>{secondOf(from)}</time>; it can’t be asked now
    </p>
  );
}
