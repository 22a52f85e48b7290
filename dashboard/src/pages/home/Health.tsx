import { milliseconds, words } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import classes from './Home.module.css';
import { useHealth } from './useHome';

/** How every part of the platform is. */
export function Health() {
  const health = useHealth();
  return (
    <Panel title="Health" note="Asked every quarter of a minute" flush>
      <Loaded query={health} lines={5}>
        {(parts) => (
          <ul className={classes.rows}>
            {parts.map((part) => (
              <li key={part.name}>
                <span className={classes.grow}>{words(part.name)}</span>
                <span className={classes.quiet}>{part.detail ?? (part.latency === null ? '' : milliseconds(part.latency))}</span>
                <Status value={part.status} label={part.status === 'ok' ? 'OK' : undefined} />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}
