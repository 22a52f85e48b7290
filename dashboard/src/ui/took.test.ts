import { expect, test } from 'vitest';
import { NOTHING } from './format';
import { runsAt, took, waited, workTook } from './took';

const began = '2026-11-29T03:00:00Z';
const run_at = '2026-11-29T03:05:00Z';
const now = Date.parse('2026-11-29T03:01:05Z');

test('what runs takes until now, and what ended took until then', () => {
  expect(took(began, null, now)).toBe('1 min 5 s');
  expect(workTook({ status: 'running', started_at: began }, now)).toBe('1 min 5 s');
  expect(workTook({ status: 'dead', started_at: began, finished_at: '2026-11-29T03:00:20Z' }, now)).toBe('20 s');
  expect(took(null, null, now)).toBe(NOTHING);
});

test('what waits for its next attempt takes no time, and runs then', () => {
  const waits = { status: 'queued', started_at: began, run_at };
  expect(workTook(waits, now)).toBe(NOTHING);
  expect(runsAt(waits)).toBe(run_at);
  expect(runsAt({ ...waits, status: 'running' })).toBe(began);
  expect(runsAt({ status: 'queued', run_at })).toBe(run_at);
});

test('what is tried again has not waited all the time since it was asked for', () => {
  const asked = { status: 'running', created_at: '2026-11-29T02:59:30Z', started_at: began, steps: [{ started_at: '2026-11-29T03:00:01Z' }, {}] };
  expect(waited(asked, now)).toBe('30 s');
  expect(waited({ ...asked, status: 'queued', started_at: null, steps: [{}, {}] }, now)).toBe('1 min 35 s');
  const days = { ...asked, created_at: '2026-11-20T02:59:30Z', steps: [{ started_at: '2026-11-20T03:00:00Z' }, {}] };
  expect(waited(days, now)).toBeNull();
  expect(waited({ ...days, status: 'queued', started_at: null }, now)).toBeNull();
});
