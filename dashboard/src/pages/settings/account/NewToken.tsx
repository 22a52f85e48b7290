import { Button, Group, MultiSelect, Select, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { type Right, useWho } from '@/session/session';
import { FormEnd } from '@/ui/FormEnd';
import { dayOf } from '@/ui/format';
import { Modal } from '@/ui/Modal';
import { showOnce } from '@/ui/showOnce';
import { useOpenedAt } from '@/ui/useOpenedAt';
import { useSubmit } from '@/ui/useSubmit';
import { RIGHTS } from '../operators/roles';

const DAY = 86_400_000;
const LIVES = [7, 30, 90, 180, 365];

/** Makes an API token of the operator's own, and shows it once. */
export function NewToken({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Modal opened={opened} onClose={close} title="New API token">
      <NewTokenForm close={close} />
    </Modal>
  );
}

function NewTokenForm({ close }: { close: () => void }) {
  const client = useQueryClient();
  const { data: who } = useWho();
  const openedAt = useOpenedAt();
  const own = new Set<Right>(who?.permissions ?? []);
  const form = useForm({
    initialValues: { name: '', permissions: [] as Right[], days: '30' },
    validate: {
      name: (value) => (value.trim() === '' ? 'must not be empty' : null),
      permissions: (value) => (value.length === 0 ? 'must not be empty: a token without permissions can do nothing' : null),
    },
  });
  const { busy, error, submit } = useSubmit(form, async ({ name, permissions, days }) => {
    const expires_at = new Date(openedAt + Number(days) * DAY).toISOString();
    const made = await taken(api.POST('/api/admin/tokens', { body: { name: name.trim(), permissions, expires_at } }));
    close();
    showOnce({ title: `The token ${made.name}`, secret: made.token, label: 'token', note: 'Put it where the program finds it, as a secret: whoever has it may do what you allowed.' });
    await client.invalidateQueries({ queryKey: ['get', '/api/admin/tokens'] });
  });
  const reading = [...own].filter((right) => right.endsWith(':read'));
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        <TextInput label="Name" description="What it is for" maxLength={100} autoComplete="off" data-autofocus required {...form.getInputProps('name')} />
        <MultiSelect
          label="May"
          description="As little as the program needs; at most what you may"
          placeholder={form.values.permissions.length === 0 ? 'Choose permissions' : undefined}
          searchable
          clearable
          clearButtonProps={{ 'aria-label': 'Choose none' }}
          required
          data={RIGHTS.map(({ group, rights }) => ({ group, items: rights.filter(([right]) => own.has(right)).map(([value]) => value) })).filter(({ items }) => items.length > 0)}
          {...form.getInputProps('permissions')}
        />
        <Group>
          <Button variant="subtle" size="compact-xs" onClick={() => form.setFieldValue('permissions', reading)}>
            Everything that only reads
          </Button>
        </Group>
        <Select
          label="Ends"
          allowDeselect={false}
          data={LIVES.map((days) => ({ value: String(days), label: `after ${days} days, on ${dayOf(openedAt + days * DAY)}` }))}
          {...form.getInputProps('days')}
        />
        <FormEnd act="Make the token" busy={busy} error={error} cancel={close} />
      </Stack>
    </form>
  );
}
