import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { useWho } from '@/session/session';
import { openDialog } from '@/ui/dialogs';
import { say } from '@/ui/notify';
import { Panel } from '@/ui/Panel';
import classes from '../Settings.module.css';
import { AddAuthenticator } from './AddAuthenticator';
import { WithPassword } from './WithPassword';

/** The operator's authenticator app, beside passkeys. */
export function OwnAuthenticator() {
  const client = useQueryClient();
  const { data: who } = useWho();
  const has = who?.session?.second_factors.includes('authenticator') ?? false;
  const refresh = () => client.invalidateQueries({ queryKey: ['session'] });
  const add = () => openDialog({ title: 'Add an authenticator app', content: (close) => <AddAuthenticator close={close} done={refresh} /> });
  const remove = () =>
    openDialog({
      title: 'Remove the authenticator app',
      content: (close) => (
        <WithPassword
          consequences={['Its codes open nothing here any more; your passkeys and recovery codes do.', 'Your other sessions end.']}
          act="Remove the app"
          run={async (password) => {
            await taken(api.POST('/api/admin/session/app/remove', { body: { password } }));
            say('The authenticator app is removed', 'Your other sessions have ended.');
            await refresh();
          }}
          close={close}
        />
      ),
    });
  return (
    <Panel
      title="Authenticator app"
      actions={
        <Button variant="default" onClick={has ? remove : add}>
          {has ? 'Remove the app' : 'Add an app'}
        </Button>
      }
    >
      <p className={classes.text}>{has ? 'At the sign-in a code of it does as your second factor, also on the command line.' : 'You have none. Its codes open the command line too, where no passkey can be shown.'}</p>
    </Panel>
  );
}
