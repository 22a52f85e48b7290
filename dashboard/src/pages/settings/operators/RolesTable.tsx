import { words } from '@/ui/format';
import { Matrix } from '@/ui/Matrix';
import { Panel } from '@/ui/Panel';
import { RIGHTS, ROLES } from './roles';

/** What each role may do. */
export function RolesTable() {
  const has = (right: (typeof RIGHTS)[number]['rights'][number][0]) => (role: string) => ROLES.find((one) => one.role === role)?.rights.has(right) ?? false;
  return (
    <Panel title="What each role may do" note="Somebody with several may do what any of them may" flush>
      <Matrix
        label="Roles and what they may do"
        head="Permission"
        columns={ROLES.map(({ role, means }) => ({ key: role, name: words(role), means }))}
        groups={RIGHTS.map(({ group, rights }) => ({
          name: group,
          rows: rights.map(([right, means]) => ({
            key: right,
            name: (
              <>
                {means} <code>{right}</code>
              </>
            ),
            has: has(right),
          })),
        }))}
        yes="yes"
        no="no"
      />
    </Panel>
  );
}
