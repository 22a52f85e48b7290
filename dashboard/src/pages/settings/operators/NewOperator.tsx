import { Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { FormEnd } from '@/ui/FormEnd';
import { Modal } from '@/ui/Modal';
import { showOnce } from '@/ui/showOnce';
import { useSubmit } from '@/ui/useSubmit';
import { RolesField } from './RolesField';

/** Makes an operator, and shows the password of their first sign-in. */
export function NewOperator({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Modal opened={opened} onClose={close} title="New operator">
      <NewOperatorForm close={close} />
    </Modal>
  );
}

function NewOperatorForm({ close }: { close: () => void }) {
  const client = useQueryClient();
  const form = useForm({
    initialValues: { email: '', name: '', roles: ['read-only'] },
    validate: {
      email: (value) => (/^\S+@\S+\.\S+$/.test(value.trim()) ? null : 'must be an e-mail address'),
      name: (value) => (value.trim() === '' ? 'must not be empty' : null),
      roles: (value) => (value.length === 0 ? 'must name at least one' : null),
    },
  });
  const { busy, error, submit } = useSubmit(form, async ({ email, name, roles }) => {
    const made = await taken(api.POST('/api/admin/operators', { body: { email: email.trim(), name: name.trim(), roles } }));
    close();
    showOnce({
      title: `The one-time password of ${made.name}`,
      secret: made.one_time_password,
      label: 'one-time password',
      note: 'Give it to them by a way that you trust. It is good for one sign-in: then they set up a second factor and choose a password of their own.',
    });
    await client.invalidateQueries({ queryKey: ['get', '/api/admin/operators'] });
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        <TextInput label="E-mail" description="What they sign in with" type="email" autoComplete="off" data-autofocus required {...form.getInputProps('email')} />
        <TextInput label="Name" description="What people call them" maxLength={200} autoComplete="off" required {...form.getInputProps('name')} />
        <RolesField {...form.getInputProps('roles')} />
        <FormEnd act="Make the operator" busy={busy} error={error} cancel={close} />
      </Stack>
    </form>
  );
}
