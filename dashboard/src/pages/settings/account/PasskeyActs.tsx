import { List, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { FormEnd } from '@/ui/FormEnd';
import { say } from '@/ui/notify';
import { useSubmit } from '@/ui/useSubmit';
import { PresentPassword } from './PresentPassword';

type ActProps = { passkey: Schema<'PasskeyView'>; close: () => void };

/** Calls a passkey otherwise. */
export function RenamePasskey({ passkey, close }: ActProps) {
  const refresh = useRefresh();
  const form = useForm({
    initialValues: { name: passkey.name },
    validate: { name: (value) => (value.trim() === '' ? 'must not be empty' : null) },
  });
  const { busy, error, submit } = useSubmit(form, async ({ name }) => {
    await taken(api.PATCH('/api/admin/session/passkeys/{id}', { params: { path: { id: passkey.id } }, body: { name: name.trim() } }));
    close();
    await refresh();
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        <TextInput label="Name" maxLength={100} autoComplete="off" data-autofocus required {...form.getInputProps('name')} />
        <FormEnd act="Rename" busy={busy} error={error} cancel={close} />
      </Stack>
    </form>
  );
}

/** Removes a passkey; the other sessions end. */
export function RemovePasskey({ passkey, close }: ActProps) {
  const refresh = useRefresh();
  const form = useForm({ initialValues: { password: '' } });
  const { busy, error, submit } = useSubmit(form, async ({ password }) => {
    await taken(api.POST('/api/admin/session/passkeys/{id}/remove', { params: { path: { id: passkey.id } }, body: { password: password || null } }));
    close();
    say(`The passkey ${passkey.name} is removed`, 'Your other sessions have ended.');
    await refresh();
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        <List size="sm" spacing={4}>
          <List.Item>It opens nothing here any more. Your device may keep it: remove it there too.</List.Item>
          <List.Item>Your other sessions end.</List.Item>
        </List>
        <PresentPassword data-autofocus {...form.getInputProps('password')} />
        <FormEnd act="Remove the passkey" danger busy={busy} error={error} cancel={close} keep />
      </Stack>
    </form>
  );
}

function useRefresh() {
  const client = useQueryClient();
  return async () => {
    await client.invalidateQueries({ queryKey: ['get', '/api/admin/session/passkeys'] });
    await client.invalidateQueries({ queryKey: ['get', '/api/admin/sessions'] });
  };
}
