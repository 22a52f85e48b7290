import { useQueryClient } from '@tanstack/react-query';
import { Countdown } from '@/ui/Countdown';
import { dayOf } from '@/ui/format';
import { Status } from '@/ui/Status';
import { type Key, works } from './key';
import classes from './Keys.module.css';
import { keysChanged } from './keysChanged';

/** Within this many days before its end a key that wasn't rotated is spoken of. */
const SOON = 7 * 86_400_000;

/** How it stands with a key; one that was rotated counts down until it ends, however long that is. */
export function KeyStatus({ of: key }: { of: Key }) {
  const client = useQueryClient();
  if (!works(key)) return <Status value={key.status === 'active' ? 'expired' : key.status} />;
  if (!key.expires_at) return <Status value="active" />;
  const isRotated = key.replaced_by !== null;
  const counts = isRotated || Date.parse(key.expires_at) - Date.now() < SOON;
  return (
    <span className={classes.status}>
      {counts ? <Status value="active" tone="warn" label={isRotated ? 'Rotated' : 'Ends soon'} /> : <Status value="active" />}
      <span className={classes.quiet}>
        {counts ? 'ends in ' : 'until '}
        {counts ? <Countdown until={key.expires_at} ended={() => keysChanged(client)} /> : dayOf(key.expires_at)}
      </span>
    </span>
  );
}
