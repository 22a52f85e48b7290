import { Anchor, Button } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { queries, type Schema } from '@/api/client';
import { useAddress } from '@/ui/address';
import { CustomerFilter } from '@/ui/CustomerFilter';
import { CustomerLink } from '@/ui/CustomerLink';
import type { Column } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { FilterMenu } from '@/ui/FilterMenu';
import { Filters } from '@/ui/Filters';
import { words } from '@/ui/format';
import { operationName, statusLabel } from '@/ui/operations';
import { Operator } from '@/ui/Operator';
import { ListingTable } from '@/ui/ListingTable';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { workTook } from '@/ui/took';
import { usePages } from '@/ui/usePages';
import { useNow } from '@/ui/useNow';
import { When } from '@/ui/When';
import { OPERATION_STATUSES } from './statuses';
import classes from './Operations.module.css';

type Operation = Schema<'OperationView'>;

/** Operations, the newest first. */
export function OperationsTable() {
  const [{ status, customer }, change] = useAddress('status', 'customer');
  const navigate = useNavigate();
  const now = useNow();
  const pages = usePages(`${status}/${customer}`);
  const query = queries.useQuery('get', '/api/admin/operations', { params: { query: { status, customer, cursor: pages.cursor, limit: 50 } } });
  const isFiltered = status !== undefined || customer !== undefined;
  const columns: Column<Operation>[] = [
    {
      id: 'kind',
      header: 'Operation',
      cell: (row) => (
        <Anchor component={Link} to="/operations/$id" params={{ id: row.id } as never} inherit>
          {operationName(row.kind)}
        </Anchor>
      ),
    },
    { id: 'customer', header: 'Customer', cell: (row) => <CustomerLink customer={row.customer_uuid} name={row.customer_id} /> },
    { id: 'status', header: 'Status', cell: (row) => <Status value={row.status} label={statusLabel(row)} /> },
    { id: 'error', header: 'What went wrong last', cell: (row) => <span className={classes.error} title={row.error ?? undefined}>{row.error ?? ''}</span>, wide: true },
    { id: 'attempts', header: 'Attempts', align: 'end', cell: (row) => row.attempts, wide: true },
    { id: 'by', header: 'Asked for by', cell: (row) => <Operator id={row.requested_by} />, wide: true },
    { id: 'created', header: 'Asked for', cell: (row) => <When at={row.created_at} />, wide: true },
    { id: 'took', header: 'Took', align: 'end', cell: (row) => workTook(row, now) },
  ];
  return (
    <Panel title="Operations" note="The newest first" flush>
      <Filters label="Filter the operations">
        <FilterMenu
          label="Status"
          options={OPERATION_STATUSES.map((value) => ({ value, label: words(value) }))}
          value={status?.split(',') ?? []}
          change={(value) => change({ status: value.join(',') })}
        />
        <CustomerFilter value={customer} onFilter={(value) => change({ customer: value })} />
        {isFiltered && (
          <Button variant="subtle" onClick={() => change({ status: null, customer: null })}>
            Show all
          </Button>
        )}
      </Filters>
      <ListingTable
        label="List of operations"
        noun="operation"
        columns={columns}
        query={query}
        pages={pages}
        rowKey={(row) => row.id}
        onOpen={(row) => void navigate({ to: '/operations/$id', params: { id: row.id } as never })}
        empty={
          isFiltered ? (
            <Empty title="No operation is like that">Nothing of this customer is in this state, or there is no such customer. Show all to see what there is.</Empty>
          ) : (
            <Empty title="There were no operations yet">The first sign-up of a customer is one: it appears here, with its steps.</Empty>
          )
        }
      />
    </Panel>
  );
}
