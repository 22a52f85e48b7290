import { List, Stack, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { FormEnd } from '@/ui/FormEnd';
import { say } from '@/ui/notify';
import { useSubmit } from '@/ui/useSubmit';
import { type Customer, pathOf, useCustomerChanged } from '../customer';

/** As many characters as the API takes. */
const LONGEST = 500;

/** Stops serving a customer, and says why. */
export function SuspendForm({ customer, close }: { customer: Customer; close: () => void }) {
  const changed = useCustomerChanged();
  const form = useForm({
    initialValues: { reason: '' },
    validate: { reason: (reason) => (reason.length > LONGEST ? `must have at most ${LONGEST} characters` : null) },
  });
  const { busy, error, submit } = useSubmit(form, async ({ reason }) => {
    const body = { reason: reason.trim() || null };
    await taken(api.POST('/api/admin/customers/{customer}/suspend', { params: pathOf(customer), body }));
    close();
    say(`${customer.company_name} is suspended`, 'Their requests are refused on every server within a second.');
    await changed();
  });
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <List size="sm" spacing={4}>
          <List.Item>Every request of their programs and users is refused, within a second, on every server.</List.Item>
          <List.Item>Their data, their keys and their database stay as they are; backups go on.</List.Item>
          <List.Item>They are served again once you resume them.</List.Item>
        </List>
        <Textarea
          label="Reason"
          description="Stands in the audit log; whoever opens this customer’s page sees it first."
          placeholder="Invoice 2026-117 is overdue since 1 November"
          autosize
          minRows={2}
          data-autofocus
          {...form.getInputProps('reason')}
        />
        <FormEnd act="Suspend" danger busy={busy} error={error} cancel={close} />
      </Stack>
    </form>
  );
}
