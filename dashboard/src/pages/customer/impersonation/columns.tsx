import type { Schema } from '@/api/client';
import { useWho } from '@/session/session';
import type { Column } from '@/ui/DataTable';
import { Operator } from '@/ui/Operator';
import { Status } from '@/ui/Status';
import { When } from '@/ui/When';
import type { Customer } from '../customer';
import { EndButton } from './EndButton';

type Row = Schema<'ImpersonationView'>;

/** The columns of the table of impersonations. */
export function useColumns(customer: Customer): Column<Row>[] {
  const { data: who } = useWho();
  return [
    { id: 'operator', header: 'Who', cell: (row) => (row.operator_id === who?.operator_id ? 'You' : <Operator id={row.operator_id} />) },
    { id: 'reason', header: 'Why', cell: (row) => row.reason },
    { id: 'does', header: 'May', wide: true, cell: ({ permissions }) => (permissions.every((one) => one.startsWith('read:')) ? 'Read' : 'Read and write') },
    { id: 'begun', header: 'Begun', wide: true, cell: (row) => <When at={row.created_at} /> },
    { id: 'used', header: 'Last used', wide: true, cell: (row) => <When at={row.last_used_at} empty="never" /> },
    {
      id: 'ends',
      header: 'Ends or ended',
      wide: true,
      cell: (row) => <When at={row.ended_at ?? row.expires_at} />,
    },
    { id: 'status', header: 'Status', cell: (row) => <StatusOf row={row} /> },
    {
      id: 'end',
      header: 'Actions',
      align: 'end',
      cell: (row) => row.status === 'active' && row.operator_id === who?.operator_id && <EndButton customer={customer} id={row.id} />,
    },
  ];
}

// A revoked key of an impersonation is one that was ended; nothing is wrong with it.
const StatusOf = ({ row }: { row: Row }) =>
  row.status === 'revoked' ? <Status value="ended" /> : row.status === 'expired' ? <Status value="expired" tone="quiet" label="Ran out" /> : <Status value={row.status} tone="warn" label="Under way" />;
