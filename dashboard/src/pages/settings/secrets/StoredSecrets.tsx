import { queries, type Schema } from '@/api/client';
import { CustomerLink } from '@/ui/CustomerLink';
import { type Column, DataTable } from '@/ui/DataTable';
import { ageOf, count, NOTHING } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { When } from '@/ui/When';
import classes from '../Settings.module.css';
import { OLD } from './old';

type Row = Schema<'StoredSecretKindView'>;
/** What people call a kind, and how long one of it stays as it is: what they have to replace themselves grows too old. */
type Kind = { name: string; stays: string; isReplaced?: true };

const KINDS: Record<Row['kind'], Kind> = {
  database_password: { name: 'Passwords of database roles', stays: 'As long as the database' },
  ai_key: { name: 'Customers’ AI keys', stays: 'Until the customer replaces it', isReplaced: true },
  backup_key: { name: 'Keys of backups', stays: 'As long as the backup' },
  authenticator_app: { name: 'Authenticator apps', stays: 'Until the operator sets up another' },
  stream_signing_secret: { name: 'Signing secrets of audit streams', stays: 'As long as the stream', isReplaced: true },
  stream_authorization: { name: 'Authorizations of audit streams', stays: 'Until it is replaced', isReplaced: true },
  acme_account_key: { name: 'Keys of ACME accounts', stays: 'As long as the account' },
  certificate_key: { name: 'Keys of the servers’ certificates', stays: 'Until the next certificate' },
};

const COLUMNS: readonly Column<Row>[] = [
  { id: 'kind', header: 'What', cell: ({ kind }) => KINDS[kind].name },
  { id: 'count', header: 'How many', align: 'end', cell: (row) => count(row.count) },
  {
    id: 'oldest',
    header: 'Oldest',
    align: 'end',
    cell: (row) => (
      <>
        <Age row={row} />
        {row.count > 0 && (
          <div className={classes.narrow}>
            <Whose row={row} />
          </div>
        )}
      </>
    ),
  },
  { id: 'whose', header: 'Of', cell: (row) => <Whose row={row} />, wide: true },
  { id: 'since', header: 'Set', cell: ({ oldest_set_at }) => <When at={oldest_set_at} />, wide: true },
  { id: 'stays', header: 'Stays as it is', cell: ({ kind }) => <span className={classes.wrap}>{KINDS[kind].stays}</span>, wide: true },
];

/** What the data keys seal: how many secrets of each kind there are, and how old the oldest is. */
export function StoredSecrets() {
  const query = queries.useQuery('get', '/api/admin/secrets/stored');
  return (
    <Panel title="Stored secrets" note="What data keys seal; a rotation seals it anew, and leaves it as old as it is" flush>
      <Loaded query={query} lines={8}>
        {({ data }) => <DataTable label="Stored secrets by kind" columns={COLUMNS} rows={data} rowKey={({ kind }) => kind} />}
      </Loaded>
    </Panel>
  );
}

/** Only what people replace themselves is ever too old. */
function Age({ row: { kind, oldest_age_days: days } }: { row: Row }) {
  if (days === null) return <span>{NOTHING}</span>;
  return KINDS[kind].isReplaced && days >= OLD ? <Status value="overdue" label={`${ageOf(days)}: replace`} /> : <span>{ageOf(days)}</span>;
}

function Whose({ row }: { row: Row }) {
  if (row.count === 0) return <span>{NOTHING}</span>;
  return row.customer_uuid ? <CustomerLink customer={row.customer_id ?? row.customer_uuid} name={row.customer_name ?? undefined} tab="database" /> : 'The platform';
}
