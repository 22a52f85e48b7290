import { Link } from '@tanstack/react-router';
import { useNow } from '@/ui/useNow';
import { type Range, rangeSearch } from '@/ui/range';
import { Status } from '@/ui/Status';
import { wrongs } from './attention';
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
  const unknown = Object.entries(asked).filter(([, query]) => query.error && query.data === undefined).map(([name]) => name);
  const waits = Object.values(asked).some((query) => query.isLoading);
  return (
    <section className={classes.attention} aria-label="What is wrong" aria-busy={waits} data-wrong={found.length > 0 || undefined}>
      {found.length > 0 ? (
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
      ) : (
        <p>
          {waits ? (
            'Looking …'
          ) : unknown.length > 0 ? (
            <>
              <Status value="unknown" label="Not known" /> {unknown.join(', ')} can’t be asked now: see below
            </>
          ) : (
            <>
              <Status value="ok" label="Nothing is wrong" /> every part answers, no work was given up, requests are answered as before
            </>
          )}
        </p>
      )}
    </section>
  );
}
