import classes from './Json.module.css';

/** A JSON document to read. */
export function Json({ value, label }: { value: unknown; label: string }) {
  return (
    <pre className={classes.json} tabIndex={0} role="region" aria-label={label}>
      {JSON.stringify(value, null, 2)}
    </pre>
  );
}
