import { describe, expect, it } from 'vitest';
import { exactTime } from '@/ui/format';
import { unanswered, wrongs } from './attention';

const now = Date.parse('2026-11-29T03:00:00Z');
const none = { dead: 0, oldest_waiting_at: null };
const calm = { operations: none, jobs: none };
const totals = (requests: number, failed: number, p95: number | null = 20, server_errors = 0) => ({ requests, failed, server_errors, p95_response_time_ms: p95 });
const says = (looked: Partial<Parameters<typeof wrongs>[0]>) => wrongs({ now, range: {}, ...looked }).map((one) => one.says);

describe('what is wrong', () => {
  it('is nothing when every part answers and no work was given up', () => {
    expect(says({ parts: [{ name: 'redis', status: 'ok', detail: 'It works.' }], work: calm, traffic: { total: totals(500, 5), previous: totals(500, 5) } })).toEqual([]);
  });
  it('puts what is down before what is late', () => {
    const parts = [
      { name: 'redis', status: 'degraded', detail: 'It does not answer.' } as const,
      { name: 'admin_database', status: 'down', detail: 'Connection refused.' } as const,
    ];
    expect(says({ parts })).toEqual(['Admin database: Connection refused.', 'Redis: It does not answer.']);
  });
  it('tells the moments of a part as people do', () => {
    const at = '2026-11-29T02:00:00Z';
    expect(says({ parts: [{ name: 'jobs', status: 'degraded', detail: `A job has been due since ${at}.` } as const] })).toEqual([`Background jobs: A job has been due since ${exactTime(at)}.`]);
  });
  it('tells once of work that was given up, though its part says so too', () => {
    const parts = [{ name: 'operations', status: 'degraded', detail: '1 operation was given up.' } as const];
    expect(says({ parts, work: { ...calm, operations: { ...none, dead: 1 } } })).toHaveLength(1);
    expect(says({ parts })).toHaveLength(1);
  });
  it('counts what was given up', () => {
    expect(says({ work: { ...calm, operations: { ...none, dead: 1 }, jobs: { ...none, dead: 2 } } })).toEqual(['1 operation was given up and waits for somebody', '2 jobs were given up and wait for somebody']);
  });
  it('knows nothing of jobs that the operator may not see', () => {
    expect(says({ work: { ...calm, jobs: null } })).toEqual([]);
  });
  it('tells of work that waits for too long', () => {
    expect(says({ work: { ...calm, operations: { ...none, oldest_waiting_at: '2026-11-29T02:59:00Z' } } })).toEqual([]);
    const late = { ...none, oldest_waiting_at: '2026-11-29T02:50:00Z' };
    expect(says({ work: { ...calm, operations: late } })).toEqual(['An operation that is due has been waiting for 10 min: is a worker running?']);
    expect(says({ work: { ...calm, jobs: late } })).toEqual(['A job that is due has been waiting for 10 min: is a worker running?']);
    expect(says({ work: { operations: none, jobs: null } })).toEqual([]);
  });
  it('compares errors and response times with the period before, but not of a handful of requests', () => {
    expect(says({ traffic: { total: totals(1000, 100), previous: totals(1000, 10) } })).toHaveLength(1);
    expect(says({ traffic: { total: totals(50, 25), previous: totals(1000, 10) } })).toEqual([]);
    expect(says({ traffic: { total: totals(1000, 10, 900), previous: totals(1000, 10, 100) } })).toEqual(['Answers are slower: p95 is 900 ms, 100 ms in the period before']);
  });
  it('always tells of failures on our side', () => {
    expect(says({ traffic: { total: totals(1000, 1, 20, 1), previous: totals(0, 0) } })).toEqual(['1 request failed on our side (5xx, 0.1% of all)']);
  });
});

describe('what can’t be asked', () => {
  const answered = { error: null, dataUpdatedAt: 1000 };
  const failed = (dataUpdatedAt: number) => ({ error: new Error('away'), dataUpdatedAt });
  it('is nothing while everything answers', () => {
    expect(unanswered({ health: answered, work: { error: null, dataUpdatedAt: 0 } })).toEqual({ names: [], since: null });
  });
  it('isn’t known, whatever was answered before, and says since when', () => {
    expect(unanswered({ health: failed(3000), work: failed(2000), usage: answered })).toEqual({ names: ['health', 'work'], since: 2000 });
  });
  it('is of when what has answered did, and of no moment when nothing has', () => {
    expect(unanswered({ health: failed(3000), work: failed(0) })).toEqual({ names: ['health', 'work'], since: 3000 });
    expect(unanswered({ health: failed(0), work: failed(0) })).toEqual({ names: ['health', 'work'], since: null });
  });
});
