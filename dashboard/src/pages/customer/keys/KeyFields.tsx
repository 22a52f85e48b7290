import { Group, NumberInput, Select, Stack, TagsInput, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { zone } from '@/ui/format';
import { LineField } from '@/ui/LineField';
import { withoutRedisChoices } from '@/ui/limits/withoutRedis';
import { EXPIRY } from './expiry';
import { periods } from './period';
import type { KeyValues } from './keyForm';
import { ACCESS, SUGGESTED } from './permissions';

const choices = (named: Record<string, { label: string }>) => Object.entries(named).map(([value, { label }]) => ({ value, label }));

/** What can be said of a key: its name, what it may do, from where, how often, and until when. */
export function KeyFields({ form }: { form: UseFormReturnType<KeyValues> }) {
  const { access, expiry } = form.values;
  return (
    <Stack gap="sm">
      <TextInput label="Name" description="For people: who or what uses it" data-autofocus autoFocus required withAsterisk={false} {...form.getInputProps('name')} />
      <Select label="May do" data={choices(ACCESS)} allowDeselect={false} {...form.getInputProps('access')} />
      {access === 'chosen' && (
        <TagsInput
          label="Permissions"
          description="read, write or execute, a colon, and a resource or *"
          placeholder="read:contacts"
          data={SUGGESTED}
          splitChars={[',', ' ']}
          acceptValueOnBlur
          openOnFocus={false}
          {...form.getInputProps('permissions')}
        />
      )}
      <Group gap="xs" align="flex-start" grow>
        <NumberInput label="Limit" description="Requests in a period" min={1} allowDecimal={false} thousandSeparator="," {...form.getInputProps('rate_limit_requests')} />
        <Select label="Period" description="The limit begins anew" data={periods} allowDeselect={false} {...form.getInputProps('rate_limit_period')} />
      </Group>
      <Select label="While Redis is away" description="What this limit does then" data={withoutRedisChoices} allowDeselect={false} {...form.getInputProps('without_redis')} />
      <TagsInput
        label="From these networks"
        description="Addresses or ranges, IPv4 and IPv6; from everywhere when empty"
        placeholder="192.0.2.0/24"
        splitChars={[',', ' ']}
        acceptValueOnBlur
        {...form.getInputProps('allowed_networks')}
      />
      <Group gap="xs" align="flex-start" grow>
        <Select label="Ends" data={choices(EXPIRY)} allowDeselect={false} {...form.getInputProps('expiry')} />
        {expiry === 'at' && <TextInput type="datetime-local" label={`At (${zone})`} {...form.getInputProps('expires_at')} />}
      </Group>
      <LineField label="Description" description="May be left out" maxRows={4} {...form.getInputProps('description')} />
    </Stack>
  );
}
