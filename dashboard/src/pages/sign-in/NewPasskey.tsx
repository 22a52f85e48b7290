import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { makePasskey } from '@/session/passkeys';
import { Failure } from '@/ui/Failure';
import classes from './SignIn.module.css';
import { useStep } from './useStep';

/** Makes the first passkey of an account. */
export function NewPasskey({ setUp }: { setUp: (codes: string[]) => Promise<unknown> }) {
  const [name, setName] = useState('');
  const { busy, problem, fields, submit } = useStep(async () => {
    const { public_key: options } = await taken(api.POST('/api/admin/session/first-passkey/options'));
    const credential = await makePasskey(options);
    const session = await taken(api.POST('/api/admin/session/first-passkey', { body: { name: name.trim(), credential } }));
    await setUp(session.recovery_codes ?? []);
  });
  return (
    <form className={classes.form} onSubmit={submit}>
      <h1>Make a passkey</h1>
      <p>Your device, your password manager or a security key keeps it, and shows it to this address only.</p>
      <TextInput label="Name" description="Such as the device that it is on" name="name" maxLength={100} autoComplete="off" autoFocus required withAsterisk={false} value={name} onChange={(event) => setName(event.currentTarget.value)} error={fields.name ?? fields.credential} />
      {problem && problem.errors.length === 0 && <Failure problem={problem} />}
      <Button type="submit" size="sm" loading={busy}>
        Make the passkey
      </Button>
    </form>
  );
}
