import { CopyValue } from '@/ui/CopyValue';
import { type Column, DataTable } from '@/ui/DataTable';
import { NOTHING } from '@/ui/format';
import classes from './Clerk.module.css';
import { type Finding, findingName, findingOf } from './findings';

type Row = Finding & { place: number };

const COLUMNS: readonly Column<Row>[] = [
  { id: 'what', header: 'Difference', cell: (row) => findingName(row.kind) },
  { id: 'organization', header: 'Organization', cell: (row) => (row.organization ? <CopyValue value={row.organization} label="the organization’s id" /> : NOTHING) },
  { id: 'user', header: 'User', cell: (row) => (row.user ? <CopyValue value={row.user} label="the user’s id" /> : NOTHING) },
];

/** What one comparison found. */
export function Findings({ drift }: { drift: readonly unknown[] }) {
  return (
    <div className={classes.findings}>
      <DataTable label="Findings of the comparison" columns={COLUMNS} rows={drift.map((value, place) => ({ ...findingOf(value), place }))} rowKey={(row) => String(row.place)} />
    </div>
  );
}
