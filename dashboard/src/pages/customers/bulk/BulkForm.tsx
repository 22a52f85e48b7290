import { Group, List, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { queries } from '@/api/client';
import { FormEnd } from '@/ui/FormEnd';
import { count } from '@/ui/format';
import { TypedWord } from '@/ui/TypedWord';
import type { Customer } from '../customer';
import type { BulkAct, BulkInput } from './act';

type BulkFormProps = { act: BulkAct; customers: readonly Customer[]; close: () => void; go: (input: BulkInput) => void };

/** What will happen, to whom, and what must be said for it. */
export function BulkForm({ act, customers, close, go }: BulkFormProps) {
  const { asks, word } = act;
  const form = useForm({
    initialValues: { reason: '', module: '', enabled: 'on', word: '' },
    validate: {
      module: (module) => (asks.module && !module ? 'must be chosen' : null),
      reason: (reason) => ([...reason].length > 500 ? 'must be at most 500 characters long' : null),
    },
  });
  const modules = queries.useQuery('get', '/api/admin/modules', {}, { enabled: asks.module === true });
  const send = form.onSubmit(({ reason, module, enabled }) => go({ reason: reason.trim(), module, enabled: enabled === 'on' }));
  const names = customers.slice(0, 6).map((customer) => customer.company_name).join(', ');
  return (
    <form onSubmit={send} noValidate>
      <Stack gap="sm">
        <Text size="sm">
          {names}
          {customers.length > 6 && ` and ${count(customers.length - 6)} more`}
        </Text>
        <List size="sm" spacing={4}>
          {[...act.consequences, 'One after the other; what fails for one is shown and stops no other.'].map((consequence) => (
            <List.Item key={consequence}>{consequence}</List.Item>
          ))}
        </List>
        {asks.module && (
          <Group gap="xs" align="flex-end">
            <Select
              flex={1}
              label="Module"
              data-autofocus
              searchable
              selectFirstOptionOnChange
              data={modules.data?.data.map((module) => ({ value: module.module_key, label: module.name })) ?? []}
              {...form.getInputProps('module')}
            />
            <SegmentedControl aria-label="On or off" data={[{ value: 'on', label: 'On' }, { value: 'off', label: 'Off' }]} {...form.getInputProps('enabled')} />
          </Group>
        )}
        {asks.reason && <TextInput label="Reason" description="Kept with it, and in the audit log; may be left out" data-autofocus={!asks.module || undefined} {...form.getInputProps('reason')} />}
        {word && <TypedWord word={word} typed={form.values.word} change={(typed) => form.setFieldValue('word', typed)} />}
        <FormEnd
          act={asks.module ? `Turn it ${form.values.enabled}` : act.label}
          danger={word !== undefined}
          busy={false}
          disabled={word !== undefined && form.values.word !== word}
          cancel={close}
          keep
        />
      </Stack>
    </form>
  );
}
