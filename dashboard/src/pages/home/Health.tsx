import { milliseconds } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { When } from '@/ui/When';
import classes from './Home.module.css';
import { type Part, useHealth } from './useHome';
import { partName } from './words';

/** How every part of the platform is. */
export function Health() {
  const health = useHealth();
  return (
    <Panel title="Health" note="Asked every quarter of a minute" flush>
      <Loaded query={health} lines={9}>
        {({ parts }) => (
          <ul className={classes.rows}>
            {parts.map((part) => (
              <li key={part.name}>
                <span className={classes.part}>{partName(part.name)}</span>
                <span className={classes.detail}>
                  <Detail part={part} />
                </span>
                <Status value={part.status} label={part.status === 'ok' ? 'OK' : undefined} />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}

/** How long a part took to answer, or what is known of it. Moments in a sentence are told as people speak of them. */
function Detail({ part }: { part: Part }) {
  if (part.status === 'ok' && part.latency_ms != null) return <>answered in {milliseconds(part.latency_ms)}</>;
  const [before, at, after] = part.detail.split(/(?:at )?(\d{4}-\d\d-\d\dT[\d:.]+Z)/);
  return (
    <>
      {before}
      {at && <When at={at} />}
      {after}
    </>
  );
}
