import { Button } from '@mantine/core';
import { queries, type Schema } from '@/api/client';
import { useMay } from '@/session/session';
import { CustomerLink } from '@/ui/CustomerLink';
import type { Column } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { LimitActs } from '@/ui/limits/LimitActs';
import { openLimit } from '@/ui/limits/LimitForm';
import { rateOf, withoutRedis } from '@/ui/limits/limit';
import { ListingTable } from '@/ui/ListingTable';
import { Panel } from '@/ui/Panel';
import { usePages } from '@/ui/usePages';
import { When } from '@/ui/When';
import classes from '../Settings.module.css';

type Row = Schema<'CustomersLimitView'>;

const COLUMNS: readonly Column<Row>[] = [
  { id: 'customer', header: 'Customer', cell: (row) => <CustomerLink customer={nameOf(row)} name={row.customer_name} tab="limits" /> },
  { id: 'route', header: 'Of', cell: ({ route }) => (route === null ? 'All routes together' : <code>{route}</code>) },
  {
    id: 'limit',
    header: 'Limit',
    cell: (row) => (
      <>
        {rateOf(row)}
        {row.reason && <span className={classes.wrap}>{row.reason}</span>}
      </>
    ),
  },
  { id: 'redis', header: 'While Redis is away', wide: true, cell: (row) => withoutRedis(row.without_redis) },
  { id: 'changed', header: 'Changed', wide: true, cell: ({ updated_at }) => <When at={updated_at} /> },
];

const withActs: readonly Column<Row>[] = [...COLUMNS, { id: 'acts', header: 'Actions', align: 'end', cell: (row) => <LimitActs customer={nameOf(row)} limit={row} general={undefined} /> }];

/** Who has a limit of their own. */
export function CustomersLimits() {
  const mayChange = useMay()('customers:write');
  const pages = usePages('');
  const query = queries.useQuery('get', '/api/admin/limits', { params: { query: { limit: 25, cursor: pages.cursor } } });
  const set = mayChange && <Button onClick={() => openLimit({})}>Set a limit</Button>;
  return (
    <Panel title="Limits of single customers" note="In place of those above; changed here, without a restart" flush actions={set}>
      <ListingTable
        label="Limits of single customers, one a line"
        noun="limit"
        columns={mayChange ? withActs : COLUMNS}
        query={query}
        pages={pages}
        rowKey={(row) => `${row.customer_uuid} ${row.route ?? ''}`}
        empty={<Empty title="Nobody has a limit of their own">What the configuration says holds for every customer.</Empty>}
      />
    </Panel>
  );
}

const nameOf = (row: Row) => row.customer_id ?? row.customer_uuid;
