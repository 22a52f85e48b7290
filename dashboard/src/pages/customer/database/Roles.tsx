import type { Schema } from '@/api/client';
import { type Column, DataTable } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { count, NOTHING, words } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import type { Customer } from '../customer';
import { useDatabase } from './useDatabase';

type Row = Schema<'RoleView'>;

const PURPOSES: Record<string, string> = {
  owner: 'Owner: changes the schema',
  app: 'App: serves requests',
  readonly: 'Read-only: reads',
};

/** The customer's roles in their database. */
export function Roles({ customer }: { customer: Customer }) {
  const query = useDatabase(customer);
  const open = new Map(query.data?.connections?.by_role.map(({ role, connections }) => [role, connections]));
  const columns: Column<Row>[] = [
    { id: 'name', header: 'Role', cell: ({ name }) => <code>{name}</code> },
    { id: 'purpose', header: 'For', wide: true, cell: ({ purpose }) => PURPOSES[purpose] ?? words(purpose) },
    { id: 'login', header: 'May log in', wide: true, cell: ({ can_login }) => (can_login == null ? NOTHING : can_login ? 'Yes' : 'No') },
    { id: 'rls', header: 'Organizations', cell: ({ bypasses_rls }) => <Sees all={bypasses_rls} /> },
    { id: 'connections', header: 'Connections', align: 'end', wide: true, cell: ({ name }) => (query.data?.connections ? count(open.get(name) ?? 0) : NOTHING) },
  ];
  return (
    <Panel title="Roles" note="What each may see and do" flush>
      <Loaded query={query}>
        {({ roles }) => (
          <DataTable
            label="Roles, one a line"
            columns={columns}
            rows={roles}
            rowKey={({ name }) => name}
            empty={<Empty title="No role of the customer’s is known">The platform made none in this database.</Empty>}
          />
        )}
      </Loaded>
    </Panel>
  );
}

function Sees({ all }: { all: boolean | null }) {
  if (all == null) return <>{NOTHING}</>;
  return all ? <Status value="" tone="bad" label="Sees all" /> : <Status value="" tone="ok" label="One at a time" />;
}
