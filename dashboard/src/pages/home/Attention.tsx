import { Link } from '@tanstack/react-router';
import { secondOf } from '@/ui/format';
import { useNow } from '@/ui/useNow';
import { type Range, rangeSearch } from '@/ui/range';
import { Status } from '@/ui/Status';
import { unanswered, wrongs } from './attention';
import classes from './Attention.module.css';
import { useHealth, useTraffic, useWork } from './useHome';

/** What is wrong, before everything else; one calm line when nothing is. */
export function Attention({ range }: { range: Range }) {
  const now = useNow();
  const asked = { health: useHealth(), work: useWork(range), usage: useTraffic(range) };
  const found = wrongs({
    parts: asked.health.data?.parts,
    work: asked.work.data,
    traffic: asked.usage.data,
    now,
    range: rangeSearch(range),
  });
  const unknown = unanswered(asked);
  const isUnknown = unknown.names.length > 0;
  const waits = Object.values(asked).some((query) => query.isLoading);
  return (
    <section className={classes.attention} aria-label="What is wrong" aria-busy={waits} data-wrong={found.length > 0 || undefined} data-unknown={isUnknown || undefined}>
      {found.length > 0 && (
        <ul>
          {found.map((one) => (
            <li key={one.key}>
              <Status value={one.tone} tone={one.tone} label={one.tone === 'bad' ? 'Wrong' : 'Watch'} />
              <Link to={one.to} search={one.search as never}>
                {one.says}
              </Link>
            </li>
          ))}
        </ul>
      )}
      {isUnknown ? (
        <p>
          <Status value="unknown" label="Not known" /> {unknown.names.join(', ')} can’t be asked now: {unknown.since === null ? 'see below' : `the last answer is of ${secondOf(unknown.since)}`}
        </p>
      ) : (
        found.length === 0 && (
          <p>
            {waits ? (
              'Looking …'
            ) : (
              <>
                <Status value="ok" label="Nothing is wrong" /> every part answers, no work was given up, requests are answered as before
              </>
            )}
          </p>
        )
      )}
    </section>
  );
}
