import { Anchor, Button } from '@mantine/core';
import { queries, type Schema } from '@/api/client';
import { useMay, useWho } from '@/session/session';
import { useAddress } from '@/ui/address';
import type { Column } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { words } from '@/ui/format';
import { ListingTable } from '@/ui/ListingTable';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { usePages } from '@/ui/usePages';
import { When } from '@/ui/When';
import classes from '../Settings.module.css';
import { NewOperator } from './NewOperator';
import { OperatorDrawer } from './OperatorDrawer';
import { RolesTable } from './RolesTable';
import { secondFactor } from './secondFactor';

type Operator = Schema<'OperatorView'>;

/** Who works on the platform, and what each role may do. */
export default function OperatorsSection() {
  const [{ operator, new: isNew }, change] = useAddress('operator', 'new', 'tokens');
  const mayWrite = useMay()('operators:write');
  const { data: who } = useWho();
  const pages = usePages('operators');
  const query = queries.useQuery('get', '/api/admin/operators', { params: { query: { limit: 50, cursor: pages.cursor } } });
  const areAll = query.data !== undefined && !pages.hasBefore && query.data.next_cursor == null;
  const columns: Column<Operator>[] = [
    {
      id: 'name',
      header: 'Operator',
      cell: (row) => (
        <>
          <span className={classes.address}>
            <Anchor component="button" type="button" inherit onClick={() => change({ operator: row.id })}>
              {row.name}
            </Anchor>
            {row.id === who?.operator_id && ' (you)'}
          </span>
          <span className={`${classes.sub} ${classes.address}`}>{row.email}</span>
        </>
      ),
    },
    { id: 'roles', header: 'Roles', cell: (row) => row.roles.map(words).join(', ') },
    { id: 'state', header: 'State', cell: (row) => <State operator={row} /> },
    { id: 'factor', header: 'Second factor', cell: (row) => secondFactor(row), wide: true },
    { id: 'seen', header: 'Last signed in', cell: (row) => <When at={row.last_signed_in_at} empty="Never" />, wide: true },
    { id: 'created', header: 'Made', cell: (row) => <When at={row.created_at} />, wide: true },
  ];
  return (
    <>
      <Panel
        title="Operators"
        note={areAll ? `${query.data.data.filter((row) => !row.disabled).length} may come in` : undefined}
        flush
        actions={mayWrite && <Button onClick={() => change({ new: 'operator' })}>New operator</Button>}
      >
        <ListingTable
          label="List of operators"
          noun="operator"
          columns={columns}
          query={query}
          pages={pages}
          rowKey={(row) => row.id}
          onOpen={(row) => change({ operator: row.id })}
          empty={<Empty title="Nobody has an account yet">You are in with the configured token. Make an owner, and turn the token off then.</Empty>}
        />
      </Panel>
      <RolesTable />
      {mayWrite && <NewOperator opened={isNew === 'operator'} close={() => change({ new: null }, true)} />}
      <OperatorDrawer id={operator} close={() => change({ operator: null, tokens: null }, true)} />
    </>
  );
}

/** Whether an operator may come in, and what is still to be done. */
export function State({ operator }: { operator: Operator }) {
  if (operator.disabled) return <Status value="disabled" label="Kept out" />;
  if (operator.password_must_change) return <Status value="pending" label="Has a one-time password" />;
  return <Status value="active" />;
}
