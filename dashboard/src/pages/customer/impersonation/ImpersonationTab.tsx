import { Button } from '@mantine/core';
import { useEffect } from 'react';
import { queries, type Schema } from '@/api/client';
import { rememberImpersonation } from '@/app/impersonations';
import { useMay, useWho } from '@/session/session';
import { DataTable } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { type Customer, nameOf, pathOf } from '../customer';
import { useColumns } from './columns';
import { openImpersonation } from './openImpersonation';

/** Who acts, or acted, in the customer's place. */
export default function ImpersonationTab({ customer }: { customer: Customer }) {
  const may = useMay();
  const { data: who } = useWho();
  const query = queries.useQuery('get', '/api/admin/customers/{customer}/impersonations', { params: pathOf(customer) });
  const rows = query.data?.data;
  // Those begun in another window are spoken of in this one, too, once it has seen them.
  useEffect(() => {
    for (const { id } of rows?.filter((row) => isOwn(row, who?.operator_id)) ?? []) rememberImpersonation({ customer: nameOf(customer), id });
  }, [rows, who?.operator_id, customer]);
  const columns = useColumns(customer);
  return (
    <Panel
      title="Impersonations"
      note="Who acts, or acted, in the customer’s place; the newest first"
      flush
      actions={may('customers:impersonate') && <Button onClick={() => openImpersonation(customer)}>Begin one</Button>}
    >
      <Loaded query={query}>
        {({ data }) => (
          <DataTable
            label="Impersonations, one a line"
            columns={columns}
            rows={data}
            rowKey={({ id }) => id}
            empty={
              <Empty title="Nobody ever acted in their place">
                An operator who begins to gets a key that ends by itself after at most 30 minutes. The customer’s own log tells of it.
              </Empty>
            }
          />
        )}
      </Loaded>
    </Panel>
  );
}

const isOwn = (row: Schema<'ImpersonationView'>, operator: string | null | undefined) =>
  row.status === 'active' && operator != null && row.operator_id === operator;
