import { queries } from '@/api/client';
import { CopyValue } from '@/ui/CopyValue';
import type { Column } from '@/ui/DataTable';
import { NOTHING } from '@/ui/format';
import { ListingTable } from '@/ui/ListingTable';
import { usePages } from '@/ui/usePages';
import classes from './Clerk.module.css';
import { type Finding, findingName } from './findings';

type Row = Finding & { place: number };

const COLUMNS: readonly Column<Row>[] = [
  { id: 'what', header: 'Difference', cell: (row) => findingName(row.kind) },
  { id: 'organization', header: 'Organization', cell: (row) => (row.organization ? <CopyValue value={row.organization} label="the organization’s id" /> : NOTHING) },
  { id: 'user', header: 'User', cell: (row) => (row.user ? <CopyValue value={row.user} label="the user’s id" /> : NOTHING) },
];

/** What one comparison found. */
export function Findings({ comparison }: { comparison: string }) {
  // Messages of Clerk are turned by `page`, on the same page.
  const pages = usePages(comparison, 'findings');
  const query = queries.useQuery('get', '/api/admin/clerk/reconciliations/{id}/differences', { params: { path: { id: comparison }, query: { cursor: pages.cursor } } });
  const rows = query.data && { ...query.data, data: query.data.data.map((found, place) => ({ ...found, place })) };
  return (
    <div className={classes.findings}>
      <ListingTable label="Findings of the comparison" noun="difference" columns={COLUMNS} query={{ ...query, data: rows }} pages={pages} rowKey={(row) => String(row.place)} />
    </div>
  );
}
