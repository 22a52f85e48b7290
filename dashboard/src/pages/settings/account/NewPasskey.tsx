import { Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { makePasskey } from '@/session/passkeys';
import { useWhyNoPasskeys } from '@/session/ways';
import { FormEnd } from '@/ui/FormEnd';
import { Modal } from '@/ui/Modal';
import { say } from '@/ui/notify';
import { useSubmit } from '@/ui/useSubmit';
import { PresentPassword } from './PresentPassword';

/** Has the browser make a passkey for the operator's account. */
export function NewPasskey({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Modal opened={opened} onClose={close} title="New passkey">
      <NewPasskeyForm close={close} />
    </Modal>
  );
}

function NewPasskeyForm({ close }: { close: () => void }) {
  const client = useQueryClient();
  const why = useWhyNoPasskeys();
  const form = useForm({
    initialValues: { name: '', password: '' },
    validate: { name: (value) => (value.trim() === '' ? 'must not be empty' : null) },
  });
  const { busy, error, submit } = useSubmit(form, async ({ name, password }) => {
    const { public_key: options } = await taken(api.POST('/api/admin/session/passkeys/options', { body: { password: password || null } }));
    const credential = await makePasskey(options);
    const made = await taken(api.POST('/api/admin/session/passkeys', { body: { name: name.trim(), credential } }));
    close();
    say(`The passkey ${made.name} is yours`, 'At the next sign-in it does instead of a code.');
    await client.invalidateQueries({ queryKey: ['get', '/api/admin/session/passkeys'] });
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        {why !== null && <p>{why}</p>}
        <TextInput label="Name" description="Such as the device that it is on" maxLength={100} autoComplete="off" data-autofocus required {...form.getInputProps('name')} />
        <PresentPassword {...form.getInputProps('password')} />
        <FormEnd act="Make the passkey" busy={busy} disabled={why !== null} error={error} cancel={close} />
      </Stack>
    </form>
  );
}
