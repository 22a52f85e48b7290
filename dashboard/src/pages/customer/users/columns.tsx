import type { Schema } from '@/api/client';
import { CopyValue } from '@/ui/CopyValue';
import type { Column } from '@/ui/DataTable';
import { NOTHING, words } from '@/ui/format';
import { Status } from '@/ui/Status';
import { When } from '@/ui/When';
import { Membership } from './Membership';

type Row = Schema<'CustomerUserView'>;

/** The columns of the table of a customer's users. */
export const columns: Column<Row>[] = [
  { id: 'name', header: 'Name', cell: ({ name }) => name ?? NOTHING },
  { id: 'email', header: 'Address', cell: ({ email }) => email },
  { id: 'organization', header: 'Organization', wide: true, cell: ({ organization }) => organization.name },
  { id: 'role', header: 'Role', cell: ({ role }) => words(role) },
  { id: 'active', header: 'Status', cell: ({ is_active }) => <Status value={is_active ? 'active' : 'disabled'} /> },
  { id: 'clerk', header: 'At Clerk', cell: (row) => <Membership linked={row.clerk_user_id !== null} membership={row.membership} /> },
  {
    id: 'clerk_id',
    header: 'Clerk user',
    wide: true,
    cell: ({ clerk_user_id: id }) => (id ? <CopyValue value={id} label="Clerk user id" shown={`${id.slice(0, 12)}…`} /> : NOTHING),
  },
  { id: 'made', header: 'Made', wide: true, cell: ({ created_at }) => <When at={created_at} /> },
];
