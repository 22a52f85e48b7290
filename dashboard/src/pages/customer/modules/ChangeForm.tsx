import { NumberInput, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { ChangedMeanwhile } from '@/ui/ChangedMeanwhile';
import { FormEnd } from '@/ui/FormEnd';
import { zone } from '@/ui/format';
import { LineField } from '@/ui/LineField';
import { same } from '@/ui/meanwhile';
import { say } from '@/ui/notify';
import { useMeanwhile } from '@/ui/useMeanwhile';
import { useSubmit } from '@/ui/useSubmit';
import { type Customer, useCustomerChanged } from '../customer';
import { useModuleChange } from './change';
import { bodyOf, type ModuleValues, TOGETHER, valuesOf, wordsOf } from './moduleForm';
import { Preview } from './Preview';
import { useModule } from './useModule';
import type { Held } from './useModules';

/** As many characters as the API takes. */
const LONGEST = 500;

type ChangeFormProps = { customer: Customer; module: Held; turn: boolean | undefined; close: () => void };

/**
 * Decides about a module for one customer: on or off, why, until when, and how much of it. The API has no tag for it: that nobody else's
 * decision is taken back unseen is looked at before it is saved.
 */
export function ChangeForm({ customer, module: opened, turn, close }: ChangeFormProps) {
  const changed = useCustomerChanged();
  const { set } = useModuleChange(customer, opened);
  const { module, readAgain } = useModule(customer, opened);
  const [isOvertaken, overtake] = useState(false);
  const now = valuesOf(module, turn);
  const form = useForm<ModuleValues>({
    initialValues: valuesOf(opened, turn),
    validate: {
      reason: (reason) => (reason.length > LONGEST ? `must have at most ${LONGEST} characters` : null),
      expires_at: (at) => (at && at !== now.expires_at && Date.parse(at) <= Date.now() ? 'must be later than now' : null),
    },
  });
  const meanwhile = useMeanwhile(form, now, TOGETHER);
  const { busy, error, submit } = useSubmit(form, async (values) => {
    const isAsKnown = same(valuesOf(await readAgain(), turn), now);
    overtake(!isAsKnown);
    if (!isAsKnown) return;
    await set(bodyOf(values, module, turn));
    close();
    say(`${module.name} is ${values.enabled ? 'on' : 'off'} for ${customer.company_name}`);
    await changed();
  });
  const { enabled } = form.values;
  const isChange = module.enabled !== enabled;
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Preview customer={customer} module={opened} enabled={enabled} />
        <LineField label="Reason" description="Stands in the audit log and in the list of modules." minRows={2} data-autofocus {...form.getInputProps('reason')} />
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
        <ChangedMeanwhile meanwhile={meanwhile} said={wordsOf(module, turn)} refused={isOvertaken} isDirty={isChange || form.isDirty()} />
        <FormEnd act={isChange ? `Turn ${enabled ? 'on' : 'off'}` : 'Save'} danger={isChange && !enabled} busy={busy} error={error} cancel={close} />
      </Stack>
    </form>
  );
}
