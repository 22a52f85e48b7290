import classes from './Status.module.css';
import { words } from './format';

export type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'quiet';

// Every status that the API knows, by how it feels to whoever looks.
const TONES: Record<string, Tone> = {
  active: 'ok', succeeded: 'ok', ok: 'ok', paid: 'ok', done: 'ok', ready: 'ok', intact: 'ok', processed: 'ok', live: 'ok', enabled: 'ok',
  trial: 'info', running: 'info', queued: 'info', waiting: 'info', sent: 'info', received: 'info', provisioning: 'info', rotating: 'info',
  suspended: 'warn', degraded: 'warn', expired: 'warn', overdue: 'warn', retrying: 'warn', pending: 'warn',
  failed: 'bad', dead: 'bad', revoked: 'bad', down: 'bad', broken: 'bad', away: 'bad',
  canceled: 'quiet', disabled: 'quiet', skipped: 'quiet', unknown: 'quiet', draft: 'quiet',
};

/** A status as a mark and a word; never a colour alone. */
export function Status({ value, tone, label }: { value: string; tone?: Tone; label?: string }) {
  return (
    <span className={classes.status} data-tone={tone ?? TONES[value] ?? 'quiet'}>
      {label ?? words(value)}
    </span>
  );
}
