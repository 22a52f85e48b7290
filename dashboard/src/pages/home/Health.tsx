import { Fragment } from 'react';
import { milliseconds } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { partName, piecesOf } from '@/ui/parts';
import { Status } from '@/ui/Status';
import { When } from '@/ui/When';
import classes from './Home.module.css';
import { type Part, useHealth } from './useHome';

/** How every part of the platform is. */
export function Health() {
  const health = useHealth();
  return (
    <Panel title="Health" note={health.error ? 'It can’t be asked now' : 'Asked every quarter of a minute'} flush>
      <Loaded query={health} lines={9}>
        {({ parts }) => (
          <ul className={classes.rows}>
            {parts.map((part) => (
              <li key={part.name}>
                <span className={classes.part}>{partName(part.name)}</span>
                <span className={classes.detail}>
                  <Detail part={part} />
                </span>
                <Status value={part.status} tone={health.error && part.status === 'ok' ? 'quiet' : undefined} label={part.status === 'ok' ? 'OK' : undefined} />
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
  return piecesOf(part.detail).map((piece, place) => <Fragment key={place}>{place % 2 === 1 ? <When at={piece} /> : piece.replace(/\bat $/, '')}</Fragment>);
}
