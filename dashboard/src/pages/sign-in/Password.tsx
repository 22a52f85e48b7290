import { Anchor, Button, Divider, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { forgetSetOut, refusal, setOut } from '@/session/setOut';
import { useWays } from '@/session/ways';
import { Failure } from '@/ui/Failure';
import { Notice } from '@/ui/Notice';
import classes from './SignIn.module.css';
import { useStep } from './useStep';

/** The account and its password. The session's token goes into a cookie that no script can read. */
export function Password({ done }: { done: () => Promise<unknown> }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const ways = useWays();
  const { busy, problem, fields, submit } = useStep(async () => {
    await taken(api.POST('/api/admin/session', { body: { email, password, keep: 'cookie' } }));
    forgetSetOut();
    await done();
  });
  return (
    <form className={classes.form} onSubmit={submit}>
      <h1>Sign in</h1>
      {refusal() && (
        <Notice tone="bad" title="You were not signed in">
          <p>{refusal()}</p>
        </Notice>
      )}
      <TextInput label="E-mail" name="email" type="email" autoComplete="username" autoFocus required withAsterisk={false} value={email} onChange={(event) => setEmail(event.currentTarget.value)} error={fields.email} />
      <PasswordInput label="Password" name="password" autoComplete="current-password" required withAsterisk={false} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={fields.password} />
      {problem && problem.errors.length === 0 && <Failure problem={problem} />}
      <Button type="submit" size="sm" loading={busy}>
        Sign in
      </Button>
      {ways?.openid && (
        <Button component="a" href={ways.openid.url} size="sm" variant="default" onClick={setOut}>
          Sign in with {ways.openid.name}
        </Button>
      )}
      <Divider />
      <p>No account yet? An owner makes one; the first is made on the server:</p>
      <code className={classes.command}>sixty operator create --email you@example.org --name You --role owner</code>
      <p>
        <Anchor href="/api/docs" size="sm">
          API documentation
        </Anchor>
      </p>
    </form>
  );
}
