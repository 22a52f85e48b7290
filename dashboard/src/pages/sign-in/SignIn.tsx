import { Button } from '@mantine/core';
import { api } from '@/api/client';
import { Brand } from '@/app/Brand';
import { useSessionChange, type Who } from '@/session/session';
import classes from './SignIn.module.css';
import { Code } from './Code';
import { NewAuthenticator } from './NewAuthenticator';
import { NewPassword } from './NewPassword';
import { Password } from './Password';

/** Signing in: the password, the code, and on the first time the app and a password of one's own. */
export default function SignIn({ who }: { who: Who | null }) {
  const { changed, ended } = useSessionChange();
  const next = who?.session?.next;
  const restart = async () => {
    await api.DELETE('/api/admin/session');
    ended();
  };
  return (
    <main className={classes.page}>
      <div className={classes.sheet}>
        <Brand />
        {!who && <Password done={changed} />}
        {next === 'show_code' && <Code done={changed} />}
        {next === 'set_up_authenticator' && <NewAuthenticator done={changed} />}
        {next === 'change_password' && <NewPassword done={changed} />}
        {who && (
          <Button variant="subtle" color="gray" onClick={() => void restart()}>
            Begin again as somebody else
          </Button>
        )}
      </div>
    </main>
  );
}
