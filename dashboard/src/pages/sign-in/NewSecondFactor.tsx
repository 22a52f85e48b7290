import { Button, Divider } from '@mantine/core';
import { useState } from 'react';
import { useWhyNoPasskeys } from '@/session/ways';
import { NewAuthenticator } from './NewAuthenticator';
import { NewPasskey } from './NewPasskey';
import { RecoveryCodes } from './RecoveryCodes';
import classes from './SignIn.module.css';

/** The first second factor of an account: an authenticator app, or a passkey where there can be one; then the recovery codes. */
export function NewSecondFactor({ done }: { done: () => Promise<unknown> }) {
  const [isPasskey, setIsPasskey] = useState(false);
  const [codes, setCodes] = useState<string[] | null>(null);
  const why = useWhyNoPasskeys();
  const setUp = async (fresh: string[]) => {
    if (fresh.length > 0) setCodes(fresh);
    else await done();
  };
  if (codes) return <RecoveryCodes codes={codes} done={done} />;
  return (
    <div className={classes.form}>
      {isPasskey ? <NewPasskey setUp={setUp} /> : <NewAuthenticator setUp={setUp} />}
      <Divider label="or" />
      {why === null ? (
        <Button variant="default" onClick={() => setIsPasskey(!isPasskey)}>
          {isPasskey ? 'Use an authenticator app instead' : 'Use a passkey instead'}
        </Button>
      ) : (
        <p>{why}</p>
      )}
    </div>
  );
}
