import { NumberInput, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { Schema } from '@/api/client';
import { FormEnd } from '@/ui/FormEnd';
import { zone } from '@/ui/format';
import { fromLocal, toLocal } from '@/ui/localTime';
import { LineField } from '@/ui/LineField';
import { say } from '@/ui/notify';
import { useSubmit } from '@/ui/useSubmit';
import type { Customer } from '../customer';
import { useModuleChange } from './change';
import { Preview } from './Preview';
import type { Held } from './useModules';

/** As many characters as the API takes. */
const LONGEST = 500;

type ChangeFormProps = { customer: Customer; module: Held; enabled: boolean; close: () => void };

/** Decides about a module for one customer: on or off, why, until when, and how much of it. */
export function ChangeForm({ customer, module, enabled, close }: ChangeFormProps) {
  const { set } = useModuleChange(customer, module);
  const isOverride = module.source === 'override' && module.enabled === enabled;
  const form = useForm<{ reason: string; expires_at: string; usage_limit: number | string; reset_date: string }>({
    initialValues: {
      reason: isOverride ? (module.reason ?? '') : '',
      expires_at: isOverride ? toLocal(module.expires_at) : '',
      usage_limit: module.usage_limit ?? '',
      reset_date: toLocal(module.reset_date),
    },
    validate: {
      reason: (reason) => (reason.length > LONGEST ? `must have at most ${LONGEST} characters` : null),
      expires_at: (at) => (at && Date.parse(at) <= Date.now() ? 'must be later than now' : null),
    },
  });
  const { busy, error, submit } = useSubmit(form, async (values) => {
    const body: Schema<'ModuleBody'> = { enabled, reason: values.reason.trim() || null, expires_at: fromLocal(values.expires_at) };
    if (form.isDirty('usage_limit')) body.usage_limit = values.usage_limit === '' ? null : Number(values.usage_limit);
    if (form.isDirty('reset_date')) body.reset_date = fromLocal(values.reset_date);
    await set(body);
    close();
    say(`${module.name} is ${enabled ? 'on' : 'off'} for ${customer.company_name}`);
  });
  const isChange = module.enabled !== enabled;
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Preview customer={customer} module={module} enabled={enabled} />
        <LineField
          label="Reason"
          description="Stands in the audit log and in the list of modules."
          minRows={2}
          data-autofocus
          {...form.getInputProps('reason')}
        />
        <TextInput
          type="datetime-local"
          label="Until"
          description={`Then the plan decides again. For ever when empty. ${zone}.`}
          {...form.getInputProps('expires_at')}
        />
        {enabled && (
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
            <NumberInput label="Limit" description="Requests; none when empty" min={0} allowDecimal={false} thousandSeparator="," {...form.getInputProps('usage_limit')} />
            <TextInput type="datetime-local" label="Counted anew" description="From then on each month" {...form.getInputProps('reset_date')} />
          </SimpleGrid>
        )}
        <FormEnd act={isChange ? `Turn ${enabled ? 'on' : 'off'}` : 'Save'} danger={isChange && !enabled} busy={busy} error={error} cancel={close} />
      </Stack>
    </form>
  );
}
