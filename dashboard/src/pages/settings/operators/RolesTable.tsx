import { words } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Matrix } from '@/ui/Matrix';
import { Panel } from '@/ui/Panel';
import { rightsOf, useRoles } from './roles';

/** What each role may do. */
export function RolesTable() {
  return (
    <Panel title="What each role may do" note="Somebody with several may do what any of them may" flush>
      <Loaded query={useRoles()} lines={10}>
        {({ data: roles }) => (
          <Matrix
            label="Roles and what they may do"
            head="Permission"
            columns={roles.map(({ role, description }) => ({ key: role, name: words(role), means: description }))}
            groups={rightsOf(roles).map(({ group, rights }) => ({
              name: group,
              rows: rights.map(([right, means]) => ({
                key: right,
                name: (
                  <>
                    {means} <code>{right}</code>
                  </>
                ),
                has: (role) => roles.find((one) => one.role === role)?.permissions.includes(right as never) ?? false,
              })),
            }))}
            yes="yes"
            no="no"
          />
        )}
      </Loaded>
    </Panel>
  );
}
