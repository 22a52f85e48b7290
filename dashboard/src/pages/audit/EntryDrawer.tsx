import { Drawer, Stack } from '@mantine/core';
import type { Schema } from '@/api/client';
import { CopyValue } from '@/ui/CopyValue';
import { CustomerLink } from '@/ui/CustomerLink';
import { Empty } from '@/ui/Empty';
import { Facts } from '@/ui/Facts';
import { Notice } from '@/ui/Notice';
import { Operator } from '@/ui/Operator';
import { useCustomerNames } from '@/ui/useCustomerNames';
import { WhenExactly } from '@/ui/When';
import { placeholderOf } from './ActedFor';
import { actionName } from '@/ui/audit/actions';
import { Differences } from '@/ui/audit/Differences';
import { MoreLike } from './MoreLike';

/** One row of the audit log: who, from where, and the values before and after. */
export function EntryDrawer({ id, entry, close }: { id: string | undefined; entry: Schema<'AuditLogView'> | undefined; close: () => void }) {
  const names = useCustomerNames();
  const customer = entry?.customer_uuid;
  const operator = entry ? placeholderOf(entry) : null;
  return (
    <Drawer opened={id !== undefined} onClose={close} position="right" size={720} title={entry ? actionName(entry.action) : 'A row of the audit log'}>
      {entry ? (
        <Stack gap="md">
          {operator && (
            <Notice tone="warn" title={<><Operator id={operator} /> in the place of {(customer && names.get(customer)) ?? 'the customer'}</>}>
              <p>The customer was told, and each change is written into the customer’s own audit log with both names.</p>
            </Notice>
          )}
          <Facts
            facts={[
              ['When', <WhenExactly key="at" at={entry.created_at} />],
              ['Who', <Operator key="who" id={entry.admin_user_id} />],
              ['Customer', customer ? <CustomerLink key="customer" customer={customer} name={names.get(customer)} /> : 'None: it concerns the platform'],
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
      ) : (
        <Empty title="This row isn’t on this page of the log">It may be on a later page, or the filter leaves it out. Show all, or choose another time.</Empty>
      )}
    </Drawer>
  );
}
