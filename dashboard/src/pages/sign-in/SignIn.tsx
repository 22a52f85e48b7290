import { Button } from '@mantine/core';
import { Brand } from '@/app/Brand';
import { useSignOut } from '@/app/useSignOut';
import { useSessionChange, type Who } from '@/session/session';
import { stepOf } from '@/session/step';
import classes from './SignIn.module.css';
import { Code } from './Code';
import { NewPassword } from './NewPassword';
import { NewSecondFactor } from './NewSecondFactor';
import { Password } from './Password';
import { RecoveryCodes } from './RecoveryCodes';

type SignInProps = { who: Who | null; codes: string[] | null; showCodes: (codes: string[] | null) => void };

/** Signing in: the password, the second factor, and on the first time an app or a passkey and a password of one's own. */
export default function SignIn({ who, codes, showCodes }: SignInProps) {
  const { changed } = useSessionChange();
  const restart = useSignOut();
  const step = stepOf(who, codes);
  const setUp = async (fresh: string[]) => {
    if (fresh.length > 0) showCodes(fresh);
    else await changed();
  };
  const kept = async () => {
    await changed();
    showCodes(null);
  };
  return (
    <main className={classes.page}>
      <div className={classes.sheet}>
        <Brand />
        {step === 'password' && <Password done={changed} />}
        {step === 'show_code' && <Code factors={who?.session?.second_factors ?? []} done={changed} />}
        {step === 'set_up_authenticator' && <NewSecondFactor setUp={setUp} />}
        {step === 'keep_codes' && <RecoveryCodes codes={codes ?? []} done={kept} />}
        {step === 'change_password' && <NewPassword done={changed} />}
        {who && step !== 'keep_codes' && (
          <Button variant="subtle" color="gray" onClick={restart}>
            Begin again as somebody else
          </Button>
        )}
      </div>
    </main>
  );
}
