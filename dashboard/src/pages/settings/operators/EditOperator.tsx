import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api, type Schema } from '@/api/client';
import { problemOf } from '@/api/problem';
import { taken } from '@/api/taken';
import { Failure } from '@/ui/Failure';
import { say } from '@/ui/notify';
import { useSubmit } from '@/ui/useSubmit';
import { RolesField } from './RolesField';

type EditOperatorProps = { operator: Schema<'OperatorView'>; tag: string | null };

/** The name and the roles of an operator, to change. */
export function EditOperator({ operator, tag }: EditOperatorProps) {
  const client = useQueryClient();
  const form = useForm({
    initialValues: { name: operator.name, roles: operator.roles as string[] },
    validate: {
      name: (value) => (value.trim() === '' ? 'must not be empty' : null),
      roles: (value) => (value.length === 0 ? 'must name at least one' : null),
    },
  });
  const { busy, error, submit } = useSubmit(form, async ({ name, roles }) => {
    const headers = tag ? { 'If-Match': tag } : undefined;
    await taken(api.PATCH('/api/admin/operators/{id}', { params: { path: { id: operator.id } }, body: { name: name.trim(), roles }, headers }));
    say('Changed', `What ${name.trim()} may do holds from their next request on.`);
    await client.invalidateQueries({ predicate: ({ queryKey }) => /\/operators/.test(String(queryKey[1])) });
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        <TextInput label="Name" maxLength={200} required {...form.getInputProps('name')} />
        <RolesField {...form.getInputProps('roles')} />
        {error != null && <Failure problem={problemOf(error)} />}
        <Group>
          <Button type="submit" loading={busy} disabled={!form.isDirty()}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
