import { Button, Checkbox } from '@mantine/core';
import { useState } from 'react';
import { CopyValue } from '@/ui/CopyValue';
import classes from './SignIn.module.css';
import { useStep } from './useStep';

/** The recovery codes of an account, shown once. */
export function RecoveryCodes({ codes, done }: { codes: string[]; done: () => Promise<unknown> }) {
  const [kept, setKept] = useState(false);
  const { busy, submit } = useStep(done);
  return (
    <form className={classes.form} onSubmit={submit}>
      <h1>Keep these recovery codes</h1>
      <p>Each lets you in once when the device is lost. They are not shown again.</p>
      <ul className={classes.codes}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <CopyValue value={codes.join('\n')} label="all codes" shown={`${codes.length} codes`} />
      <Checkbox label="I have put them in a safe place" checked={kept} onChange={(event) => setKept(event.currentTarget.checked)} />
      <Button type="submit" size="sm" loading={busy} disabled={!kept}>
        Go on
      </Button>
    </form>
  );
}
