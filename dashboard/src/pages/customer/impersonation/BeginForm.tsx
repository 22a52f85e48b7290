import { Checkbox, List, NumberInput, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { useMay } from '@/session/session';
import { FormEnd } from '@/ui/FormEnd';
import { openDialog } from '@/ui/dialogs';
import { LineField } from '@/ui/LineField';
import { useSubmit } from '@/ui/useSubmit';
import { type Customer, pathOf, useCustomerChanged } from '../customer';
import { KeyOnce } from './KeyOnce';

/** What the API takes. */
const MINUTES = { least: 1, most: 30, usual: 15 };
const REASON = { shortest: 3, longest: 500 };

/** Begins to act in a customer's place. */
export function BeginForm({ customer, close }: { customer: Customer; close: () => void }) {
  const may = useMay();
  const changed = useCustomerChanged();
  const form = useForm<{ reason: string; minutes: number | string; write: boolean }>({
    initialValues: { reason: '', minutes: MINUTES.usual, write: false },
    validate: {
      reason: (reason) => {
        const { length } = reason.trim();
        return length < REASON.shortest || length > REASON.longest ? `must have from ${REASON.shortest} to ${REASON.longest} characters` : null;
      },
      minutes: (minutes) =>
        typeof minutes === 'number' && minutes >= MINUTES.least && minutes <= MINUTES.most ? null : `must be from ${MINUTES.least} to ${MINUTES.most}`,
    },
  });
  const { busy, error, submit } = useSubmit(form, async ({ reason, minutes, write }) => {
    const body = { reason: reason.trim(), minutes: Number(minutes), write };
    const begun = await taken(api.POST('/api/admin/customers/{customer}/impersonations', { params: pathOf(customer), body }));
    close();
    openDialog({
      title: `You act in the place of ${customer.company_name}`,
      stays: true,
      content: (end) => <KeyOnce secret={begun.key} expiresAt={begun.expires_at} writes={write} close={end} />,
    });
    await changed();
  });
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <List size="sm" spacing={4}>
          <List.Item>You get a key of this customer’s that works until the time is over or you end it.</List.Item>
          <List.Item>The customer reads in their own log that you do it, and why.</List.Item>
          <List.Item>Whatever the key does stands in the audit log under your name.</List.Item>
        </List>
        <LineField
          label="Reason"
          description="The customer reads it, too."
          placeholder="Ticket 812: a deal is missing from the pipeline"
          required
          minRows={2}
          data-autofocus
          {...form.getInputProps('reason')}
        />
        <NumberInput label="For how many minutes" min={MINUTES.least} max={MINUTES.most} allowDecimal={false} required {...form.getInputProps('minutes')} />
        {may('customers:impersonate-write') && (
          <Checkbox
            label="Write, too"
            description="Without it the key only reads."
            {...form.getInputProps('write', { type: 'checkbox' })}
          />
        )}
        <FormEnd act="Begin" busy={busy} error={error} cancel={close} />
      </Stack>
    </form>
  );
}
