import { Button, Divider } from '@mantine/core';
import { useState } from 'react';
import { useWhyNoPasskeys } from '@/session/ways';
import { NewAuthenticator } from './NewAuthenticator';
import { NewPasskey } from './NewPasskey';
import classes from './SignIn.module.css';

/** The first second factor of an account: an authenticator app, or a passkey where there can be one. `setUp` is told the recovery codes. */
export function NewSecondFactor({ setUp }: { setUp: (codes: string[]) => Promise<unknown> }) {
  const [isPasskey, setIsPasskey] = useState(false);
  const why = useWhyNoPasskeys();
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
