import { Button } from '@mantine/core';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { confirm } from '@/ui/confirm';
import { Panel } from '@/ui/Panel';
import { showOnce } from '@/ui/showOnce';
import classes from '../Settings.module.css';

/** New recovery codes in the place of the old ones. */
export function RecoveryCodes() {
  const renew = () =>
    confirm({
      title: 'Make new recovery codes',
      consequences: ['The old ones are worth nothing from now on.', 'The new ones are shown once: have a safe place at hand.'],
      act: 'Make new codes',
      danger: false,
      run: async () => {
        const { recovery_codes: codes } = await taken(api.POST('/api/admin/session/recovery-codes'));
        // After the dialog that asked has closed.
        setTimeout(() => showOnce({ title: 'Your recovery codes', secret: codes.join('\n'), label: 'recovery codes', kept: 'Only their hashes are kept.', note: 'Each lets you in once when the device with your second factor is lost.' }));
      },
    });
  return (
    <Panel
      title="Recovery codes"
      actions={
        <Button variant="default" onClick={renew}>
          Make new codes
        </Button>
      }
    >
      <p className={classes.text}>They let you in when the device with your authenticator app or passkey is lost, and where no browser is. Make new ones when you have used some, or when somebody may have seen them.</p>
    </Panel>
  );
}
