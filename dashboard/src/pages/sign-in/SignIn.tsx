import { Button } from '@mantine/core';
import { api } from '@/api/client';
import { Brand } from '@/app/Brand';
import { useSessionChange, type Who } from '@/session/session';
import classes from './SignIn.module.css';
import { Code } from './Code';
import { NewPassword } from './NewPassword';
import { NewSecondFactor } from './NewSecondFactor';
import { Password } from './Password';

/** Signing in: the password, the second factor, and on the first time an app or a passkey and a password of one's own. */
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
        {next === 'show_code' && <Code factors={who?.session?.second_factors ?? []} done={changed} />}
        {next === 'set_up_authenticator' && <NewSecondFactor done={changed} />}
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
