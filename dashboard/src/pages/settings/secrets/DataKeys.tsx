import { queries, type Schema } from '@/api/client';
import { CustomerLink } from '@/ui/CustomerLink';
import type { Column } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { count } from '@/ui/format';
import { ListingTable } from '@/ui/ListingTable';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { usePages } from '@/ui/usePages';
import { When } from '@/ui/When';
import classes from '../Settings.module.css';

type Key = Schema<'DataKeyView'>;

/** The data keys that seal now, the oldest first: how old each is, what wraps it and how its last rotation went. */
export function DataKeys({ activeKey }: { activeKey: string | null | undefined }) {
  const pages = usePages('data-keys');
  const query = queries.useQuery('get', '/api/admin/secrets/data-keys', { params: { query: { cursor: pages.cursor, limit: 25 } } }, { refetchInterval: 60_000 });
  const columns: Column<Key>[] = [
    { id: 'whose', header: 'Whose', cell: (row) => (row.customer_uuid ? <CustomerLink customer={row.customer_id ?? row.customer_uuid} tab="database" name={row.customer_name ?? undefined} /> : 'The platform') },
    { id: 'age', header: 'Age', align: 'end', cell: (row) => ageOf(row.age_days) },
    { id: 'since', header: 'Seals since', cell: (row) => <When at={row.created_at} />, wide: true },
    { id: 'version', header: 'Version', align: 'end', cell: (row) => row.version, wide: true },
    {
      id: 'wrapped',
      header: 'Wrapped by',
      cell: (row) => (
        <>
          <code className={classes.id}>{row.master_key_id}</code>
          {activeKey && row.master_key_id !== activeKey && <span className={classes.sub}>not the active master key</span>}
        </>
      ),
      wide: true,
    },
    { id: 'rotation', header: 'Last rotation', cell: (row) => (row.last_rotation ? <Status value={row.last_rotation.status} /> : 'None'), wide: true },
  ];
  return (
    <Panel title="Data keys" note="One for each customer and one for the platform, the oldest first" flush>
      <ListingTable
        label="List of data keys"
        columns={columns}
        query={query}
        pages={pages}
        rowKey={(row) => row.customer_uuid ?? 'platform'}
        empty={<Empty title="There is no data key yet">The first is made when something is sealed: with the first customer or the first operator.</Empty>}
      />
    </Panel>
  );
}

const ageOf = (days: number) => (days === 0 ? 'Under a day' : days === 1 ? '1 day' : `${count(days)} days`);
