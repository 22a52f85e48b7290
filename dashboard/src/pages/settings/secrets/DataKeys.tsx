import { queries, type Schema } from '@/api/client';
import { CustomerLink } from '@/ui/CustomerLink';
import type { Column } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { ageOf } from '@/ui/format';
import { ListingTable } from '@/ui/ListingTable';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { usePages } from '@/ui/usePages';
import { When } from '@/ui/When';
import classes from '../Settings.module.css';

type Row = Schema<'DataKeyView'>;

const COLUMNS: readonly Column<Row>[] = [
  { id: 'whose', header: 'Of', cell: (row) => (row.customer_uuid ? <CustomerLink customer={row.customer_id ?? row.customer_uuid} name={row.customer_name ?? undefined} tab="database" /> : 'The platform') },
  { id: 'version', header: 'Version', align: 'end', cell: ({ version }) => version },
  { id: 'state', header: 'State', cell: ({ superseded_at }) => (superseded_at ? <Status value="" tone="info" label="Opens only" /> : <Status value="active" label="Seals" />) },
  { id: 'age', header: 'Age', align: 'end', cell: ({ age_days }) => ageOf(age_days) },
  { id: 'made', header: 'Made', wide: true, cell: ({ created_at }) => <When at={created_at} /> },
  { id: 'master', header: 'Opened by', wide: true, cell: ({ master_key_id }) => <code className={classes.id}>{master_key_id}</code> },
];

/** The data keys of customers and of the platform, the oldest first. */
export function DataKeys() {
  const pages = usePages('');
  const query = queries.useQuery('get', '/api/admin/secrets/data-keys', { params: { query: { limit: 10, cursor: pages.cursor } } });
  return (
    <Panel title="Data keys" note="The oldest first; one is rotated on its customer’s page, under database" flush>
      <ListingTable
        label="List of data keys"
        noun="data key"
        columns={COLUMNS}
        query={query}
        pages={pages}
        rowKey={(row) => `${row.customer_uuid ?? ''} ${row.version}`}
        empty={<Empty title="There is no data key yet">The first customer’s sign-up makes one.</Empty>}
      />
    </Panel>
  );
}
