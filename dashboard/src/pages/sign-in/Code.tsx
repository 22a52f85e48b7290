import { Button, Divider, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { showPasskey } from '@/session/passkeys';
import { useWhyNoPasskeys } from '@/session/ways';
import { Failure } from '@/ui/Failure';
import classes from './SignIn.module.css';
import { useStep } from './useStep';

/** The second factor: a passkey, a code of the app, or a recovery code. */
export function Code({ factors, done }: { factors: string[]; done: () => Promise<unknown> }) {
  const hasPasskey = factors.includes('passkey');
  const why = useWhyNoPasskeys();
  const isOffered = hasPasskey && why === null;
  return (
    <div className={classes.form}>
      <h1>{hasPasskey ? 'Show your second factor' : 'Show a code'}</h1>
      {isOffered && <Passkey done={done} />}
      {hasPasskey && why !== null && <p>{why}</p>}
      {isOffered && <Divider label="or" />}
      <TypedCode hasApp={!hasPasskey || factors.includes('authenticator')} isFirst={!isOffered} done={done} />
    </div>
  );
}

function Passkey({ done }: { done: () => Promise<unknown> }) {
  const { busy, problem, submit } = useStep(async () => {
    const { public_key: options } = await taken(api.POST('/api/admin/session/passkey/options'));
    const credential = await showPasskey(options);
    await taken(api.POST('/api/admin/session/passkey', { body: { credential } }));
    await done();
  });
  return (
    <form className={classes.form} onSubmit={submit}>
      {problem && <Failure problem={problem} />}
      <Button type="submit" size="sm" loading={busy} autoFocus>
        Use a passkey
      </Button>
    </form>
  );
}

function TypedCode({ hasApp, isFirst, done }: { hasApp: boolean; isFirst: boolean; done: () => Promise<unknown> }) {
  const [code, setCode] = useState('');
  const { busy, problem, fields, submit } = useStep(async () => {
    await taken(api.POST('/api/admin/session/code', { body: { code: code.trim() } }));
    await done();
  });
  return (
    <form className={classes.form} onSubmit={submit}>
      <TextInput
        label={hasApp ? 'Code' : 'Recovery code'}
        description={hasApp ? 'Of your authenticator app, or a recovery code' : 'One of those that you were shown with your passkey'}
        name="code"
        autoComplete="one-time-code"
        autoFocus={isFirst}
        required
        withAsterisk={false}
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        error={fields.code}
      />
      {problem && problem.errors.length === 0 && <Failure problem={problem} />}
      <Button type="submit" size="sm" loading={busy} variant={isFirst ? 'filled' : 'default'}>
        Go on
      </Button>
    </form>
  );
}
