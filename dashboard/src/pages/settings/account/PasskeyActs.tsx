import { Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { FormEnd } from '@/ui/FormEnd';
import { say } from '@/ui/notify';
import { useSubmit } from '@/ui/useSubmit';
import { WithPassword } from './WithPassword';

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
  const remove = async (password: string | null) => {
    await taken(api.POST('/api/admin/session/passkeys/{id}/remove', { params: { path: { id: passkey.id } }, body: { password } }));
    say(`The passkey ${passkey.name} is removed`, 'Your other sessions have ended.');
    await refresh();
  };
  return <WithPassword consequences={['It opens nothing here any more. Your device may keep it: remove it there too.', 'Your other sessions end.']} act="Remove the passkey" run={remove} close={close} />;
}

function useRefresh() {
  const client = useQueryClient();
  return async () => {
    await client.invalidateQueries({ queryKey: ['get', '/api/admin/session/passkeys'] });
    await client.invalidateQueries({ queryKey: ['get', '/api/admin/sessions'] });
  };
}
