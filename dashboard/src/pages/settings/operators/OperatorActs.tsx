import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { askAgain } from '@/api/askAgain';
import { api, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { confirm } from '@/ui/confirm';
import { many } from '@/ui/format';
import { complain, say } from '@/ui/notify';
import { showOnce } from '@/ui/showOnce';
import classes from './Operators.module.css';

type OperatorActsProps = { operator: Schema<'OperatorView'>; tag: string | null };

/** What helps an operator who is locked out, and what locks one out. */
export function OperatorActs({ operator, tag }: OperatorActsProps) {
  const client = useQueryClient();
  const { id, name, email } = operator;
  const params = { path: { id } };
  const refresh = () => askAgain(client, /\/operators/);
  const resetPassword = () =>
    confirm({
      title: `Reset the password of ${name}`,
      consequences: ['Their sessions end, and whoever’s place they act in is left.', 'You are shown a password for one sign-in, once; they choose their own then.'],
      act: 'Reset the password',
      run: async () => {
        const made = await taken(api.POST('/api/admin/operators/{id}/reset-password', { params }));
        // After the dialog that asked has closed.
        setTimeout(() => showOnce({ title: `The one-time password of ${name}`, secret: made.one_time_password, label: 'one-time password', note: 'Give it to them by a way that you trust. It is good for one sign-in.' }));
        await refresh();
      },
    });
  const resetFactor = () =>
    confirm({
      title: `Reset the second factor of ${name}`,
      consequences: ['Their authenticator app, passkeys and recovery codes are worth nothing any more.', 'At the next sign-in their password alone lets them set up another second factor: make sure that it is them who asks.'],
      word: email,
      act: 'Reset the second factor',
      run: async () => {
        await taken(api.POST('/api/admin/operators/{id}/reset-second-factor', { params }));
        await refresh();
      },
    });
  const signOut = () =>
    confirm({
      title: `Sign ${name} out everywhere`,
      consequences: ['All their sessions end, and all their API tokens are revoked, at once.', 'They can sign in again.'],
      act: 'Sign out everywhere',
      run: async () => {
        const ended = await taken(api.POST('/api/admin/operators/{id}/sign-out', { params }));
        say('Signed out', `${many(ended.sessions_ended, 'session')} ended, ${many(ended.tokens_revoked, 'token')} revoked.`);
        await refresh();
      },
    });
  const set = async (disabled: boolean) => {
    await taken(api.PATCH('/api/admin/operators/{id}', { params, body: { disabled }, headers: tag ? { 'If-Match': tag } : undefined }));
    await refresh();
  };
  const disable = () =>
    confirm({
      title: `Keep ${name} out`,
      consequences: ['Their sessions end, and their API tokens are revoked for good.', 'They can’t sign in until somebody lets them in again.', 'What they did stays in the audit log.'],
      word: email,
      act: 'Keep out',
      run: () => set(true),
    });
  return (
    <div className={classes.actions}>
      <Act text="Forgot the password" act="Reset password" run={resetPassword} />
      <Act text="Lost the device and the recovery codes" act="Reset second factor" run={resetFactor} />
      <Act text="Something looks wrong: ends sessions and tokens" act="Sign out everywhere" run={signOut} />
      {operator.disabled ? (
        <Act text="Is kept out" act="Let in again" run={() => void set(false).catch(complain)} />
      ) : (
        <Act text="Doesn’t work here any more" act="Keep out" danger run={disable} />
      )}
    </div>
  );
}

function Act({ text, act, danger = false, run }: { text: string; act: string; danger?: boolean; run: () => void }) {
  return (
    <div className={classes.act}>
      <p>{text}</p>
      <Button variant={danger ? 'light' : 'default'} color={danger ? 'red' : undefined} onClick={run}>
        {act}
      </Button>
    </div>
  );
}
