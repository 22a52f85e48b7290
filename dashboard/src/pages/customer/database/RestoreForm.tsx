import { Autocomplete, List, Select, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, type Schema } from '@/api/client';
import { LONGEST_ID, wrongId } from '@/api/customerId';
import { wrongEmail, wrongName } from '@/api/fieldRules';
import { PLANS } from '@/api/plans';
import { taken } from '@/api/taken';
import { FormEnd } from '@/ui/FormEnd';
import { bytes, exactTime, words } from '@/ui/format';
import { openDialog } from '@/ui/dialogs';
import { useSubmit } from '@/ui/useSubmit';
import { type Customer, nameOf, useCustomerChanged } from '../customer';
import { Restoring } from './Restoring';

/** As many characters as the API takes. */
const LONGEST_NAME = 200;
const zones = Intl.supportedValuesOf('timeZone');

type RestoreFormProps = { customer: Customer; backup: Schema<'BackupView'>; close: () => void };

/** Restores a backup into a new customer. The old one isn't touched. */
export function RestoreForm({ customer, backup, close }: RestoreFormProps) {
  const changed = useCustomerChanged();
  const form = useForm({
    initialValues: {
      customer_id: `${nameOf(customer)}-restored`.slice(0, LONGEST_ID),
      name: `${customer.company_name}, restored`.slice(0, LONGEST_NAME),
      email: customer.billing_email ?? '',
      plan: customer.subscription_plan,
      timezone: customer.timezone,
    },
    validate: {
      customer_id: wrongId,
      name: (name) => wrongName(name, LONGEST_NAME),
      email: wrongEmail,
    },
  });
  const { busy, error, submit } = useSubmit(form, async (values) => {
    const begun = await taken(api.POST('/api/admin/restores', { body: { ...values, backup_id: backup.id } }));
    close();
    openDialog({
      title: `${begun.customer.customer_id} is being restored`,
      size: '640px',
      stays: true,
      content: (end) => <Restoring begun={begun} close={end} />,
    });
    await changed();
  });
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <List size="sm" spacing={4}>
          <List.Item>
            The backup of {exactTime(backup.started_at)} ({bytes(backup.size_bytes)}) becomes a customer of its own, with a new database.
          </List.Item>
          <List.Item>{customer.company_name} goes on as it is; nothing of theirs is changed.</List.Item>
          <List.Item>The new customer has a new API key, shown once, and a trial of the plan.</List.Item>
        </List>
        <TextInput label="New customerId" required data-autofocus {...form.getInputProps('customer_id')} />
        <TextInput label="Company name" required {...form.getInputProps('name')} />
        <TextInput label="Billing address" type="email" required {...form.getInputProps('email')} />
        <Select label="Plan" data={PLANS.map((plan) => ({ value: plan, label: words(plan) }))} allowDeselect={false} {...form.getInputProps('plan')} />
        <Autocomplete label="Time zone" data={zones} limit={20} {...form.getInputProps('timezone')} />
        <FormEnd act="Restore" busy={busy} error={error} cancel={close} />
      </Stack>
    </form>
  );
}
