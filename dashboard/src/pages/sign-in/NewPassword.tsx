import { Button, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { Failure } from '@/ui/Failure';
import classes from './SignIn.module.css';
import { useStep } from './useStep';

/** A password of one's own, after the one that somebody else has seen. */
export function NewPassword({ done }: { done: () => Promise<unknown> }) {
  const [password, setPassword] = useState('');
  const [fresh, setFresh] = useState('');
  const { busy, problem, fields, submit } = useStep(async () => {
    await taken(api.PUT('/api/admin/session/password', { body: { password, new_password: fresh } }));
    await done();
  });
  return (
    <form className={classes.form} onSubmit={submit}>
      <h1>Choose a password of your own</h1>
      <PasswordInput label="The present password" name="password" autoComplete="current-password" autoFocus required withAsterisk={false} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={fields.password} />
      <PasswordInput label="The new password" description="At least 12 characters, and not easily guessed" name="new_password" autoComplete="new-password" required withAsterisk={false} value={fresh} onChange={(event) => setFresh(event.currentTarget.value)} error={fields.new_password} />
      {problem && problem.errors.length === 0 && <Failure problem={problem} />}
      <Button type="submit" size="sm" loading={busy}>
        Change it and go on
      </Button>
    </form>
  );
}
