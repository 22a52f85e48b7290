import type { Schema } from '@/api/client';
import { type Column, DataTable } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { bytes, count, share } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import type { Customer } from '../customer';
import { useDatabase } from './useDatabase';

type Row = Schema<'TableView'>;

/** The tables, the largest first. */
export function Tables({ customer }: { customer: Customer }) {
  const query = useDatabase(customer);
  const all = query.data?.tables.reduce((sum, { size_bytes }) => sum + size_bytes, 0) ?? 0;
  const columns: Column<Row>[] = [
    { id: 'name', header: 'Table', cell: ({ name }) => <code>{name}</code> },
    { id: 'rows', header: 'Rows, about', align: 'end', cell: ({ rows_estimate: rows }) => (rows == null ? 'not counted yet' : count(rows)) },
    { id: 'size', header: 'Size', align: 'end', cell: ({ size_bytes }) => bytes(size_bytes) },
    { id: 'share', header: 'Of all tables', align: 'end', wide: true, cell: ({ size_bytes }) => share(all === 0 ? 0 : size_bytes / all) },
  ];
  return (
    <Panel title="Tables" note="With their indexes, the largest first" flush>
      <Loaded query={query}>
        {({ tables, reachable }) => (
          <DataTable
            label="Tables, one a line"
            columns={columns}
            rows={tables}
            rowKey={({ name }) => name}
            empty={
              <Empty title={reachable ? 'There are no tables' : 'The database doesn’t answer'}>
                {reachable ? 'The schema wasn’t brought in yet.' : 'Its tables are listed as soon as it does.'}
              </Empty>
            }
          />
        )}
      </Loaded>
    </Panel>
  );
}
