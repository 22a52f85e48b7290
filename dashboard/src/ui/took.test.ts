import { expect, test } from 'vitest';
import { NOTHING } from './format';
import { runsAt, took, workTook } from './took';

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
