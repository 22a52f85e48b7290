import type { Schema } from '@/api/client';
import { ago, dayOf } from '@/ui/format';
import { hasEnded, type Operation } from '@/api/useOperation';
import { operationName } from '@/ui/operations';
import type { Tone } from '@/ui/Status';
import type { Customer } from '../customer';

/** Something to know before anything else is done. */
export type Wrong = { key: string; tone: Tone; what: string; more: string; tab?: string };

const DAY = 86_400_000;

/** How many days before its end a trial is spoken of. */
const SOON = 7;

/** What is wrong with a customer, the worst first. */
export function wrongsOf(customer: Customer, operations: readonly Operation[], backup: Schema<'BackupView'> | undefined, now: number): Wrong[] {
  return [...ofStatus(customer, now), ...operations.flatMap(ofOperation), ...ofDatabase(customer), ...ofBackup(backup, now)];
}

function ofStatus(customer: Customer, now: number): Wrong[] {
  const { subscription_status: status, suspended_at, suspension_reason, trial_ends_at, subscription_started_at, subscription_ends_at } = customer;
  const key = 'status';
  if (status === 'suspended') {
    const since = suspended_at ? ` ${ago(suspended_at, Math.max(now, Date.parse(suspended_at)))}` : '';
    return [{ key, tone: 'warn', what: `Suspended${since}`, more: suspension_reason ?? 'No reason was given. Every request of theirs is refused; the data is kept.' }];
  }
  if (status === 'expired') {
    // Whoever has subscribed since had their time paid, and it has run out.
    const [what, ended] = subscription_started_at ? ['The subscription has run out', subscription_ends_at] : ['The trial is over', trial_ends_at];
    const when = ended ? ` on ${dayOf(ended)}` : '';
    return [{ key, tone: 'warn', what, more: `It ended${when}. Their requests are refused; the data is kept.` }];
  }
  if (status === 'canceled') {
    const when = subscription_ends_at ? ` on ${dayOf(subscription_ends_at)}` : '';
    return [{ key, tone: 'warn', what: 'The subscription was canceled', more: `It ended${when}. The data is kept.` }];
  }
  if (status === 'trial' && trial_ends_at && Date.parse(trial_ends_at) - now < SOON * DAY) {
    const over = Date.parse(trial_ends_at) <= now;
    return [{ key, tone: 'warn', what: `The trial ${over ? 'ended' : 'ends'} ${ago(trial_ends_at, now)}`, more: `On ${dayOf(trial_ends_at)}. Their requests are refused from then on; the data stays.` }];
  }
  return [];
}

function ofOperation(operation: Operation): Wrong[] {
  const { id: key, status, kind, error } = operation;
  const name = operationName(kind);
  if (status === 'dead') return [{ key, tone: 'bad', what: `${name} died`, more: error ?? 'Its steps say where. Somebody has to look.', tab: 'overview' }];
  if (hasEnded(operation)) return [];
  return [{ key, tone: 'info', what: `${name} is under way`, more: error ? `It will be tried again: ${error}` : 'Its steps are on the overview.', tab: 'overview' }];
}

function ofDatabase(customer: Customer): Wrong[] {
  if (customer.instance) return [];
  return [{ key: 'database', tone: 'warn', what: 'No database of this platform', more: 'Nothing says where their data is: it is neither served nor backed up.', tab: 'database' }];
}

function ofBackup(backup: Schema<'BackupView'> | undefined, now: number): Wrong[] {
  if (backup?.status !== 'failed') return [];
  return [{ key: backup.id, tone: 'bad', what: `The last backup failed ${ago(backup.started_at, Math.max(now, Date.parse(backup.started_at)))}`, more: backup.error ?? 'Its error was not written down.', tab: 'database' }];
}
