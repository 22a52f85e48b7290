import { Button, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { api, type Schema } from '@/api/client';
import { problemOf } from '@/api/problem';
import { taken } from '@/api/taken';
import { AppSecret } from '@/session/AppSecret';
import { Failure } from '@/ui/Failure';
import { useAct } from '@/ui/useAct';
import classes from './SignIn.module.css';
import { useStep } from './useStep';

/** Sets up the authenticator app: the secret, the first code. */
export function NewAuthenticator({ setUp }: { setUp: (codes: string[]) => Promise<unknown> }) {
  const [app, setApp] = useState<Schema<'AuthenticatorView'> | null>(null);
  const { error, run } = useAct();
  const [code, setCode] = useState('');
  const ask = () => void run(async () => setApp(await taken(api.POST('/api/admin/session/authenticator'))));
  const asked = useRef(false);
  useEffect(() => {
    // Once: a second secret would make the first one worthless.
    if (asked.current) return;
    asked.current = true;
    ask();
  }, []);
  const { busy, problem, fields, submit } = useStep(async () => {
    const session = await taken(api.POST('/api/admin/session/code', { body: { code: code.trim() } }));
    await setUp(session.recovery_codes ?? []);
  });
  return (
    <form className={classes.form} onSubmit={submit}>
      <h1>Set up your authenticator app</h1>
      <p>Scan this with an authenticator app, or type the secret in. Then show the code that the app displays.</p>
      {app && <AppSecret app={app} />}
      {error != null && <Failure problem={problemOf(error)} retry={ask} />}
      <TextInput label="Code" name="code" autoComplete="one-time-code" autoFocus required withAsterisk={false} value={code} onChange={(event) => setCode(event.currentTarget.value)} error={fields.code} />
      {problem && problem.errors.length === 0 && <Failure problem={problem} />}
      <Button type="submit" size="sm" loading={busy} disabled={!app}>
        Go on
      </Button>
    </form>
  );
}
