import { NOTHING } from '@/ui/format';
import classes from './Differences.module.css';
import { differences } from './differences';

const MARKS = { added: 'new', removed: 'gone', changed: 'changed', same: '' } as const;

/** Old and new values side by side. What differs is marked, by a word and not by colour alone. */
export function Differences({ before, after }: { before: unknown; after: unknown }) {
  const rows = differences(before, after);
  if (rows.length === 0) return <p className={classes.quiet}>This action changes no values.</p>;
  // Where one side is missing as a whole, everything would be marked, which marks nothing.
  const marks = before != null && after != null;
  return (
    <table className={classes.differences} aria-label="Old and new values">
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, before: was, after: is, kind }) => (
          <tr key={name} data-kind={kind}>
            <th scope="row">
              {name}
              {marks && MARKS[kind] && <span className={classes.mark}>{MARKS[kind]}</span>}
            </th>
            <td>{was === null ? NOTHING : marks && (kind === 'changed' || kind === 'removed') ? <del>{was}</del> : was}</td>
            <td>{is === null ? NOTHING : marks && (kind === 'changed' || kind === 'added') ? <ins>{is}</ins> : is}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
