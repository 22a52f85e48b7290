import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Schema } from '@/api/client';
import { CustomerLink } from '@/ui/CustomerLink';
import type { Column } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { ListingTable } from '@/ui/ListingTable';
import { shortened } from '@/ui/Operator';
import { RefusedFilter } from '@/ui/RefusedFilter';
import { When } from '@/ui/When';
import { ActedFor } from './ActedFor';
import { actionName, feelOf } from '@/ui/audit/actions';
import classes from './Audit.module.css';
import { summaryOf } from '@/ui/audit/summary';

type Entry = Schema<'AuditLogView'>;
type AuditTableProps = Pick<Parameters<typeof ListingTable<Entry>>[0], 'pages'> & {
  found: Parameters<typeof ListingTable<Entry>>[0]['query'];
  isRefused: boolean;
  isFiltered: boolean;
  hasWords: boolean;
  open: (entry: Entry) => void;
};

/** What was done, the newest first. */
export function AuditTable({ found, pages, isRefused, isFiltered, hasWords, open }: AuditTableProps) {
  const columns: Column<Entry>[] = [
    {
      id: 'action',
      header: 'What',
      cell: (row) => (
        <Anchor component={Link} to="." search={((before: object) => ({ ...before, entry: row.id })) as never} resetScroll={false} inherit className={classes.action} data-feel={feelOf(row.action)}>
          {actionName(row.action)}
        </Anchor>
      ),
    },
    { id: 'at', header: 'When', cell: (row) => <When at={row.created_at} /> },
    { id: 'who', header: 'Who', cell: (row) => <ActedFor entry={row} customer={nameOf(row) ?? 'a customer'} /> },
    { id: 'customer', header: 'Customer', cell: (row) => (row.customer_uuid ? <CustomerLink customer={row.customer_id ?? row.customer_uuid} name={nameOf(row)} /> : <span className={classes.resource}>The platform</span>), wide: true },
    { id: 'thing', header: 'Thing', cell: (row) => <Thing entry={row} />, wide: true },
    { id: 'changes', header: 'What changed', cell: (row) => <span className={classes.changes}>{summaryOf(row)}</span>, wide: true },
  ];
  return (
    <ListingTable
      label="Rows of the audit log"
      noun="row"
      columns={columns}
      query={found}
      pages={pages}
      rowKey={(row) => row.id}
      onOpen={open}
      refused={isRefused && <RefusedFilter />}
      empty={
        hasWords ? (
          <Empty title="Nothing that was done in this time has all these words">
            They are looked for in the action, the thing and its id, the reason, and the old and new values; names of customers and operators have fields of their own. Choose a longer time, fewer words, or show all.
          </Empty>
        ) : isFiltered ? (
          <Empty title="Nothing like that was done in this time">Choose a longer time, or show all.</Empty>
        ) : (
          <Empty title="Nothing was done in this time">Every change and every refusal is written here as it happens.</Empty>
        )
      }
    />
  );
}

/** What the customer of a row is called. */
const nameOf = ({ customer_name, customer_id, customer_uuid }: Entry) => customer_name ?? customer_id ?? (customer_uuid ? shortened(customer_uuid) : undefined);

function Thing({ entry }: { entry: Entry }) {
  if (!entry.resource_type) return null;
  return (
    <span className={classes.resource} title={entry.resource_id ?? undefined}>
      {actionName(entry.resource_type)} {entry.resource_id && <code>{shortened(entry.resource_id)}</code>}
    </span>
  );
}
