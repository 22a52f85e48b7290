import type { Schema } from '@/api/client';
import { dayOf, exactTime } from '@/ui/format';
import { Status } from '@/ui/Status';
import classes from './Days.module.css';

type Entry = Schema<'TimelineEntryView'>;

const KINDS: Record<string, string> = { audit: 'Change', operation: 'Operation', backup: 'Backup' };
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** What happened, day by day. */
export function Days({ entries }: { entries: readonly Entry[] }) {
  const days = byDay(entries);
  return (
    <div className={classes.days}>
      {[...days].map(([day, ofDay]) => (
        <section key={day} aria-label={day}>
          <h3 className={classes.day}>{day}</h3>
          <ol className={classes.entries}>
            {ofDay.map((entry) => (
              <Line key={`${entry.kind} ${entry.id}`} entry={entry} />
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

function Line({ entry }: { entry: Entry }) {
  return (
    <li>
      <time dateTime={entry.at} title={exactTime(entry.at)}>
        {clock.format(new Date(entry.at))}
      </time>
      <span className={classes.kind}>{KINDS[entry.kind] ?? entry.kind}</span>
      <span className={classes.what}>
        {entry.summary}
        <span className={classes.who}>{entry.actor ? ` ${entry.actor.name}` : ' The system'}</span>
      </span>
      {entry.status && <Status value={entry.status} />}
    </li>
  );
}

function byDay(entries: readonly Entry[]): Map<string, Entry[]> {
  const days = new Map<string, Entry[]>();
  for (const entry of entries) days.set(dayOf(entry.at), [...(days.get(dayOf(entry.at)) ?? []), entry]);
  return days;
}
