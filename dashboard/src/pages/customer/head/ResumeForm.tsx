import { List, Stack } from '@mantine/core';
import type { FormEvent } from 'react';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { ago } from '@/ui/format';
import { FormEnd } from '@/ui/FormEnd';
import { say } from '@/ui/notify';
import { useAct } from '@/ui/useAct';
import { type Customer, pathOf, useCustomerChanged } from '../customer';

/** Serves a suspended customer again. Shows why they were suspended, so that nobody resumes them by mistake. */
export function ResumeForm({ customer, close }: { customer: Customer; close: () => void }) {
  const changed = useCustomerChanged();
  const { busy, error, run } = useAct();
  const { suspended_at, suspension_reason } = customer;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const done = await run(() => taken(api.POST('/api/admin/customers/{customer}/resume', { params: pathOf(customer) })));
    if (!done) return;
    close();
    say(`${customer.company_name} is served again`);
    await changed();
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="sm">
        <List size="sm" spacing={4}>
          <List.Item>
            Suspended {suspended_at ? ago(suspended_at) : 'some time ago'}: {suspension_reason ?? 'no reason was given.'}
          </List.Item>
          <List.Item>Their keys and users work again within a second, with the status from before.</List.Item>
          <List.Item>A trial that ran out meanwhile stays over.</List.Item>
        </List>
        <FormEnd act="Serve them again" busy={busy} error={error} cancel={close} />
      </Stack>
    </form>
  );
}
