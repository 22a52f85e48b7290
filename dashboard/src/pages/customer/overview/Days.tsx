import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Schema } from '@/api/client';
import { dayOf, exactTime } from '@/ui/format';
import { spoken } from '@/ui/parts';
import { Status } from '@/ui/Status';
import { addressOf, type CustomerKey } from '../customer';
import classes from './Days.module.css';

type Entry = Schema<'TimelineEntryView'>;

const KINDS: Record<string, string> = { audit: 'Change', operation: 'Operation', backup: 'Backup' };
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** What happened, day by day. Each leads to all that is known of it; of one who is gone, the backups have no page. */
export function Days({ entries, customer }: { entries: readonly Entry[]; customer: CustomerKey | undefined }) {
  const days = byDay(entries);
  return (
    <div className={classes.days}>
      {[...days].map(([day, ofDay]) => (
        <section key={day} aria-label={day}>
          <h3 className={classes.day}>{day}</h3>
          <ol className={classes.entries}>
            {ofDay.map((entry) => (
              <Line key={`${entry.kind} ${entry.id}`} entry={entry} customer={customer} />
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

function Line({ entry, customer }: { entry: Entry; customer: CustomerKey | undefined }) {
  return (
    <li>
      <time dateTime={entry.at} title={exactTime(entry.at)}>
        {clock.format(new Date(entry.at))}
      </time>
      <span className={classes.kind}>{KINDS[entry.kind] ?? entry.kind}</span>
      <span className={classes.what}>
        <To entry={entry} customer={customer}>
          {spoken(entry.summary)}
        </To>
        <span className={classes.who}>{entry.actor ? ` ${entry.actor.name}` : ' The system'}</span>
      </span>
      {entry.status && <Status value={entry.status} />}
    </li>
  );
}

/** To the row of the audit log, the operation with its steps, or the backups of the database. */
function To({ entry, customer, children }: { entry: Entry; customer: CustomerKey | undefined; children: ReactNode }) {
  const place = placeOf(entry, customer);
  if (!place) return children;
  const { to, params, search } = place;
  return (
    <Anchor component={Link} to={to} params={params as never} search={search as never} inherit c="var(--ink)">
      {children}
    </Anchor>
  );
}

function placeOf({ kind, id }: Entry, customer: CustomerKey | undefined): { to: string; params?: Record<string, string>; search?: Record<string, string> } | undefined {
  if (kind === 'operation') return { to: '/operations/$id', params: { id } };
  if (kind === 'backup') return customer && addressOf(customer, 'database');
  return { to: '/audit', search: { entry: id } };
}

function byDay(entries: readonly Entry[]): Map<string, Entry[]> {
  const days = new Map<string, Entry[]>();
  for (const entry of entries) days.set(dayOf(entry.at), [...(days.get(dayOf(entry.at)) ?? []), entry]);
  return days;
}
