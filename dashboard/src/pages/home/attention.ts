import { many, milliseconds, share, span } from '@/ui/format';
import { partName, spoken } from '@/ui/parts';
import { failing } from '@/ui/usage/totals';
import type { Part } from './useHome';

/** Something that wants somebody, and where it can be understood. */
export type Wrong = { key: string; tone: 'bad' | 'warn'; says: string; to: string; search?: Record<string, unknown> };

type Totals = { requests: number; failed: number; server_errors: number; p95_response_time_ms?: number | null };

type Work = { dead: number; oldest_waiting_at: string | null };

export type Looked = {
  parts?: readonly Pick<Part, 'name' | 'status' | 'detail'>[];
  work?: { operations: Work; jobs: Work | null };
  traffic?: { total: Totals; previous: Totals };
  now: number;
  /** What the address of a page about usage says of the range. */
  range: Record<string, unknown>;
};

/** What can't be asked now, and how old the oldest of their last answers is; null where none has one. An answer of before says nothing of now. */
export function unanswered(asked: Record<string, { error: unknown; dataUpdatedAt: number }>): { names: string[]; since: number | null } {
  const failed = Object.entries(asked).filter(([, { error }]) => error != null);
  const since = Math.min(...failed.map(([, { dataUpdatedAt }]) => dataUpdatedAt).filter((at) => at > 0));
  return { names: failed.map(([name]) => name), since: since < Infinity ? since : null };
}

/** Work that is due and waits longer than this, in seconds, waits for a reason. */
const WAITS_LONG = 120;
/** Fewer requests than these say nothing about shares and percentiles. */
const FEW = 100;

/** What is wrong now, the worst first. */
export function wrongs(looked: Looked): Wrong[] {
  const found = [...ofParts(looked), ...ofWork(looked), ...ofTraffic(looked)];
  return found.sort((one, other) => Number(other.tone === 'bad') - Number(one.tone === 'bad'));
}

function ofParts({ parts = [], work }: Looked): Wrong[] {
  // Work that was given up is counted below, with the way to it.
  const isCounted = (name: string) => work !== undefined && (name === 'operations' || (name === 'jobs' && work.jobs !== null));
  return parts
    .filter((part) => part.status !== 'ok' && part.status !== 'unknown' && !isCounted(part.name))
    .map((part) => ({
      key: `part ${part.name}`,
      tone: part.status === 'degraded' ? 'warn' : 'bad',
      says: `${partName(part.name)}: ${spoken(part.detail)}`,
      to: '/settings/health',
    }));
}

function ofWork({ work, now }: Looked): Wrong[] {
  if (!work) return [];
  const found: Wrong[] = [];
  const { operations, jobs } = work;
  if (operations.dead > 0) {
    found.push({ key: 'operations', tone: 'bad', says: `${many(operations.dead, 'operation was', 'operations were')} given up and wait${operations.dead === 1 ? 's' : ''} for somebody`, to: '/operations', search: { status: 'dead' } });
  }
  if (jobs && jobs.dead > 0) {
    found.push({ key: 'jobs', tone: 'bad', says: `${many(jobs.dead, 'job was', 'jobs were')} given up and wait${jobs.dead === 1 ? 's' : ''} for somebody`, to: '/operations', search: { tab: 'jobs', status: 'dead' } });
  }
  for (const [key, what, counts, search] of [
    ['waiting', 'An operation', operations, { status: 'queued' }],
    ['waiting jobs', 'A job', jobs, { tab: 'jobs', status: 'queued' }],
  ] as const) {
    const waits = counts?.oldest_waiting_at ? (now - Date.parse(counts.oldest_waiting_at)) / 1000 : 0;
    if (waits > WAITS_LONG) found.push({ key, tone: 'warn', says: `${what} that is due has been waiting for ${span(waits)}: is a worker running?`, to: '/operations', search });
  }
  return found;
}

function ofTraffic({ traffic, range }: Looked): Wrong[] {
  if (!traffic) return [];
  const found: Wrong[] = [];
  const { total, previous } = traffic;
  const ownFailures = total.server_errors;
  if (ownFailures > 0) {
    const part = share(ownFailures / Math.max(1, total.requests));
    found.push({ key: 'own', tone: 'bad', says: `${many(ownFailures, 'request')} failed on our side (5xx, ${part} of all)`, to: '/usage', search: { ...range, by: 'status' } });
  }
  const enough = total.requests >= FEW && previous.requests >= FEW;
  const fails = failing(total) ?? 0;
  const failed = failing(previous) ?? 0;
  if (enough && fails > 0.01 && fails > 2 * failed) {
    found.push({ key: 'errors', tone: 'warn', says: `${share(fails)} of requests were refused or failed, ${share(failed)} in the period before`, to: '/usage', search: { ...range, by: 'outcome' } });
  }
  const p95 = total.p95_response_time_ms ?? 0;
  const before = previous.p95_response_time_ms ?? 0;
  if (enough && p95 > 250 && p95 > 2 * before) {
    found.push({ key: 'slow', tone: 'warn', says: `Answers are slower: p95 is ${milliseconds(p95)}, ${milliseconds(before)} in the period before`, to: '/usage', search: { ...range, by: 'route' } });
  }
  return found;
}
