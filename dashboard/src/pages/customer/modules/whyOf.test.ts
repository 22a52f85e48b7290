import { expect, test } from 'vitest';
import { dayOf, exactTime } from '@/ui/format';
import { whyOf } from './whyOf';

const now = Date.parse('2026-11-29T04:00:00Z');
const module = { module_key: 'ai', name: 'AI', usage_count: 0, enabled: false, source: 'plan' };

test('moments in the server’s sentences are told as people do', () => {
  const ended = '2026-11-29T02:00:00Z';
  expect(whyOf({ ...module, refusal: `It was on until ${ended}, and the pro plan doesn't have it.` }, now)).toEqual([`It was on until ${exactTime(ended)}, and the pro plan doesn't have it.`]);
  expect(whyOf({ ...module, source: 'dependency', refusal: `It was on until ${ended}.` }, now)).toEqual(['A module that it needs is missing', `It was on until ${exactTime(ended)}.`]);
});

test('what was decided says until when and why', () => {
  const ends = '2026-12-01T04:00:00Z';
  expect(whyOf({ ...module, enabled: true, source: 'override', expires_at: ends, reason: 'ticket 7' }, now)).toEqual([`Decided for this customer, until ${dayOf(ends)} (in 2 days)`, 'ticket 7']);
  expect(whyOf({ ...module, source: 'override', refusal: 'It was turned off for this customer.' }, now)).toEqual(['Decided for this customer', 'No reason was given.']);
  expect(whyOf({ ...module, enabled: true }, now)).toEqual(['Part of the plan']);
});
