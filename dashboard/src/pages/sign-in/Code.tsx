import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { Failure } from '@/ui/Failure';
import classes from './SignIn.module.css';
import { useStep } from './useStep';

/** The second factor. */
export function Code({ done }: { done: () => Promise<unknown> }) {
  const [code, setCode] = useState('');
  const { busy, problem, fields, submit } = useStep(async () => {
    await taken(api.POST('/api/admin/session/code', { body: { code: code.trim() } }));
    await done();
  });
  return (
    <form className={classes.form} onSubmit={submit}>
      <h1>Show a code</h1>
      <TextInput
        label="Code"
        description="Of your authenticator app, or a recovery code"
        name="code"
        autoComplete="one-time-code"
        autoFocus
        required
        withAsterisk={false}
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        error={fields.code}
      />
      {problem && problem.errors.length === 0 && <Failure problem={problem} />}
      <Button type="submit" size="sm" loading={busy}>
        Go on
      </Button>
    </form>
  );
}
