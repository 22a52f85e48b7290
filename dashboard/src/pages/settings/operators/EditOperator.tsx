import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { askAgain } from '@/api/askAgain';
import { api, type Schema } from '@/api/client';
import { isOvertaken, problemOf } from '@/api/problem';
import { taken } from '@/api/taken';
import { ChangedMeanwhile } from '@/ui/ChangedMeanwhile';
import { Failure } from '@/ui/Failure';
import { words } from '@/ui/format';
import { say } from '@/ui/notify';
import { useMeanwhile } from '@/ui/useMeanwhile';
import { useSubmit } from '@/ui/useSubmit';
import { RolesField } from './RolesField';

type EditOperatorProps = { operator: Schema<'OperatorView'>; tag: string | null; readAgain: () => Promise<unknown> };

/** The name and the roles of an operator, to change. */
export function EditOperator({ operator, tag, readAgain }: EditOperatorProps) {
  const client = useQueryClient();
  // In one order: it says nothing, and the server has its own.
  const now = { name: operator.name, roles: [...operator.roles].sort() as string[] };
  const form = useForm({
    initialValues: now,
    validate: {
      name: (value) => (value.trim() === '' ? 'must not be empty' : null),
      roles: (value) => (value.length === 0 ? 'must name at least one' : null),
    },
  });
  const meanwhile = useMeanwhile(form, now);
  const { busy, error, submit } = useSubmit(form, async ({ name, roles }) => {
    const headers = tag ? { 'If-Match': tag } : undefined;
    try {
      await taken(api.PATCH('/api/admin/operators/{id}', { params: { path: { id: operator.id } }, body: { name: name.trim(), roles }, headers }));
    } catch (refusal) {
      if (isOvertaken(refusal)) await readAgain();
      throw refusal;
    }
    form.setFieldValue('name', name.trim());
    meanwhile.forget();
    say('Changed', `What ${name.trim()} may do holds from their next request on.`);
    await askAgain(client, /\/operators/);
  });
  const refused = isOvertaken(error);
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        <TextInput label="Name" maxLength={200} required {...form.getInputProps('name')} />
        <RolesField {...form.getInputProps('roles')} onChange={(roles) => form.setFieldValue('roles', [...roles].sort())} />
        <ChangedMeanwhile meanwhile={meanwhile} said={{ name: ['Name', now.name], roles: ['Roles', now.roles.map(words).join(', ')] }} refused={refused} isDirty={form.isDirty()} />
        {error != null && !refused && <Failure problem={problemOf(error)} />}
        <Group>
          <Button type="submit" loading={busy} disabled={!form.isDirty()}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
