import { Button, Stack } from '@mantine/core';
import { queries, type Schema } from '@/api/client';
import { problemOf } from '@/api/problem';
import { CopyValue } from '@/ui/CopyValue';
import { CustomerLink } from '@/ui/CustomerLink';
import { Drawer } from '@/ui/Drawer';
import { Empty } from '@/ui/Empty';
import { Facts } from '@/ui/Facts';
import { Loaded } from '@/ui/Loaded';
import { Notice } from '@/ui/Notice';
import { Operator } from '@/ui/Operator';
import { WhenExactly } from '@/ui/When';
import { placeholderOf } from './ActedFor';
import { actionName } from '@/ui/audit/actions';
import { Differences } from '@/ui/audit/Differences';
import { MoreLike } from './MoreLike';
import { useBrokenAt } from './proofs';

type EntryDrawerProps = {
  id: string | undefined;
  /** The row, if the page of the log has it. */
  entry: Schema<'AuditLogView'> | undefined;
  /** Shows the proof of a chain. */
  prove: () => void;
  close: () => void;
};

/** One row of the audit log: who, from where, and the values before and after. It is found by its id, wherever in the log it is. */
export function EntryDrawer({ id, entry: listed, prove, close }: EntryDrawerProps) {
  const query = queries.useQuery(
    'get',
    '/api/admin/audit-logs/{id}',
    { params: { path: { id: id ?? '' } } },
    // A row never changes.
    { enabled: id !== undefined && listed === undefined, placeholderData: undefined, refetchInterval: false, staleTime: Infinity },
  );
  const entry = listed ?? query.data;
  const isGone = query.error !== null && [400, 404].includes(problemOf(query.error).status);
  return (
    <Drawer opened={id !== undefined} onClose={close} size={720} title={entry ? actionName(entry.action) : 'A row of the audit log'}>
      {entry ? (
        <Entry entry={entry} />
      ) : isGone ? (
        <Empty
          title="The log has no row of this id"
          action={
            <Button variant="default" onClick={prove}>
              Prove a chain
            </Button>
          }
        >
          Retention removes old rows, and leaves the chain whole. If it was younger, somebody took it away: a proof of its chain shows where.
        </Empty>
      ) : (
        <Loaded query={query} lines={8}>
          {() => null}
        </Loaded>
      )}
    </Drawer>
  );
}

function Entry({ entry }: { entry: Schema<'AuditLogView'> }) {
  const customer = entry.customer_uuid;
  const operator = placeholderOf(entry);
  const broken = useBrokenAt(entry.id);
  return (
    <Stack gap="md">
      {broken && (
        <Notice tone="bad" title="The chain breaks at this row">
          <p>{broken}. What stands here may not be what was written, and the rows after it prove nothing.</p>
        </Notice>
      )}
      {operator && (
        <Notice tone="warn" title={<><Operator id={operator} /> in the place of {entry.customer_name ?? 'the customer'}</>}>
          <p>The customer was told, and each change is written into the customer’s own audit log with both names.</p>
        </Notice>
      )}
      <Facts
        facts={[
          ['When', <WhenExactly key="at" at={entry.created_at} />],
          ['Who', <Operator key="who" id={entry.admin_user_id} known={entry.admin_user_name} />],
          ['Their id', entry.admin_user_id && entry.admin_user_id !== 'bootstrap' ? <CopyValue key="who-id" value={entry.admin_user_id} label="the operator’s id" /> : null],
          ['Customer', customer ? <CustomerLink key="customer" customer={entry.customer_id ?? customer} name={entry.customer_name ?? undefined} /> : 'None: it concerns the platform'],
          ['Thing', entry.resource_type ? actionName(entry.resource_type) : null],
          ['Its id', entry.resource_id ? <CopyValue key="id" value={entry.resource_id} label="the thing’s id" /> : null],
          ['From', entry.ip_address ?? null],
          ['With', entry.user_agent ?? null],
          ['Row', <CopyValue key="row" value={entry.id} label="the row’s id" />],
        ]}
      />
      <MoreLike entry={entry} />
      <Differences before={entry.old_values} after={entry.new_values} />
    </Stack>
  );
}
