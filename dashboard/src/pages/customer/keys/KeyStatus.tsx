import { useQueryClient } from '@tanstack/react-query';
import { Countdown } from '@/ui/Countdown';
import { dayOf } from '@/ui/format';
import { Status } from '@/ui/Status';
import { type Key, works } from './key';
import classes from './Keys.module.css';
import { keysChanged } from './keysChanged';

/** Ends within this many days are counted down. */
const SOON = 7 * 86_400_000;

/** How it stands with a key; one that was rotated counts down until it ends. */
export function KeyStatus({ of: key, successor }: { of: Key; successor?: Key }) {
  const client = useQueryClient();
  if (!works(key)) return <Status value={key.status === 'active' ? 'expired' : key.status} />;
  if (!key.expires_at) return <Status value="active" />;
  const soon = Date.parse(key.expires_at) - Date.now() < SOON;
  return (
    <span className={classes.status}>
      {successor || soon ? <Status value="active" tone="warn" label={successor ? 'Rotated' : 'Ends soon'} /> : <Status value="active" />}
      <span className={classes.quiet}>
        {soon ? 'ends in ' : 'until '}
        {soon ? <Countdown until={key.expires_at} ended={() => keysChanged(client)} /> : dayOf(key.expires_at)}
      </span>
    </span>
  );
}
