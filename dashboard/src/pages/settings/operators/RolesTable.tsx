import { VisuallyHidden } from '@mantine/core';
import { Fragment } from 'react';
import { words } from '@/ui/format';
import { Panel } from '@/ui/Panel';
import { RIGHTS, ROLES } from './roles';
import classes from './Operators.module.css';

/** What each role may do. */
export function RolesTable() {
  return (
    <Panel title="What each role may do" note="Somebody with several may do what any of them may" flush>
      <div className={classes.scroller} tabIndex={0} role="region" aria-label="Roles and what they may do">
        <table className={classes.roles}>
          <thead>
            <tr>
              <th scope="col">Permission</th>
              {ROLES.map(({ role, means }) => (
                <th key={role} scope="col" title={means}>
                  {words(role)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {RIGHTS.map(({ group, rights }) => (
              <Fragment key={group}>
                <tr>
                  <th scope="rowgroup" colSpan={ROLES.length + 1} className={classes.group}>
                    {group}
                  </th>
                </tr>
                {rights.map(([right, means]) => (
                  <tr key={right}>
                    <th scope="row">
                      {means} <code className={classes.right}>{right}</code>
                    </th>
                    {ROLES.map(({ role, rights: has }) => (
                      <td key={role}>
                        <span aria-hidden>{has.has(right) ? '●' : '·'}</span>
                        <VisuallyHidden>{has.has(right) ? 'yes' : 'no'}</VisuallyHidden>
                      </td>
                    ))}
                  </tr>
                ))}
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
