import { VisuallyHidden } from '@mantine/core';
import { Fragment, type ReactNode } from 'react';
import classes from './Matrix.module.css';

type MatrixRow = { key: string; name: ReactNode; has: (column: string) => boolean };

type MatrixProps = {
  /** Says what the table shows, to whoever doesn't see it. */
  label: string;
  /** What the rows are. */
  head: string;
  columns: readonly { key: string; name: string; means?: string }[];
  groups: readonly { name?: string; rows: readonly MatrixRow[] }[];
  /** What a mark says, and its lack. */
  yes: string;
  no: string;
};

/** What has what: a mark where a row and a column meet. */
export function Matrix({ label, head, columns, groups, yes, no }: MatrixProps) {
  return (
    <div className={classes.scroller} tabIndex={0} role="region" aria-label={label}>
      <table className={classes.matrix}>
        <thead>
          <tr>
            <th scope="col">{head}</th>
            {columns.map(({ key, name, means }) => (
              <th key={key} scope="col" title={means}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {groups.map((group, place) => (
            <Fragment key={group.name ?? place}>
              {group.name && (
                <tr>
                  <th scope="rowgroup" colSpan={columns.length + 1} className={classes.group}>
                    {group.name}
                  </th>
                </tr>
              )}
              {group.rows.map(({ key, name, has }) => (
                <tr key={key}>
                  <th scope="row">{name}</th>
                  {columns.map((column) => (
                    <td key={column.key}>
                      <span aria-hidden>{has(column.key) ? '●' : '·'}</span>
                      <VisuallyHidden>{has(column.key) ? yes : no}</VisuallyHidden>
                    </td>
                  ))}
                </tr>
              ))}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}
