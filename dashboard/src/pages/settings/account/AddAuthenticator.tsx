import { Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { api, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { AppSecret } from '@/session/AppSecret';
import { FormEnd } from '@/ui/FormEnd';
import { say } from '@/ui/notify';
import { useSubmit } from '@/ui/useSubmit';
import { PresentPassword } from './PresentPassword';

/** Adds an authenticator app: the password, then the secret, then the first code. */
export function AddAuthenticator({ close, done }: { close: () => void; done: () => Promise<unknown> }) {
  const [app, setApp] = useState<Schema<'AuthenticatorView'> | null>(null);
  const form = useForm({ initialValues: { password: '', code: '' } });
  const { busy, error, submit } = useSubmit(form, async ({ password, code }) => {
    if (!app) {
      setApp(await taken(api.POST('/api/admin/session/app', { body: { password: password || null } })));
      return;
    }
    await taken(api.POST('/api/admin/session/app/confirm', { body: { code: code.trim() } }));
    close();
    say('The authenticator app is yours', 'At the next sign-in a code of it does.');
    await done();
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        {app ? (
          <>
            <p>Scan this with an authenticator app, or type the secret in. Then show the code that the app displays.</p>
            <AppSecret app={app} />
            <TextInput label="Code" autoComplete="one-time-code" autoFocus required {...form.getInputProps('code')} />
          </>
        ) : (
          <PresentPassword data-autofocus {...form.getInputProps('password')} />
        )}
        <FormEnd act={app ? 'Confirm the app' : 'Go on'} busy={busy} error={error} cancel={close} />
      </Stack>
    </form>
  );
}
