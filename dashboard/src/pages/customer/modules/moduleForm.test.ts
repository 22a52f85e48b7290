import { expect, test } from 'vitest';
import { broughtUp } from '@/ui/meanwhile';
import { bodyOf, type ModuleValues, TOGETHER, valuesOf } from './moduleForm';

const END = '2030-11-29T02:00:45.500Z';
const module = { enabled: true, source: 'override', reason: 'ticket 7', expires_at: END, usage_limit: 100, reset_date: '2030-12-01T00:00:30Z' };

/** What is sent when somebody else makes this of the module while the form is open. */
const sent = (written: Partial<ModuleValues>, now: typeof module, turn?: boolean) => {
  const before = valuesOf(module, turn);
  const { values, changed } = broughtUp({ ...before, ...written }, before, valuesOf(now, turn), TOGETHER);
  return { body: bodyOf(values, now, turn), changed };
};

test('what nobody wrote is sent as it is, or not at all', () => {
  expect(bodyOf(valuesOf(module), module)).toEqual({ enabled: true, reason: 'ticket 7', expires_at: END });
  expect(bodyOf({ ...valuesOf(module), usage_limit: '', reset_date: '' }, module)).toEqual({ enabled: true, reason: 'ticket 7', expires_at: END, usage_limit: null, reset_date: null });
  expect(bodyOf({ ...valuesOf(module), expires_at: '' }, module).expires_at).toBeNull();
});

test('what was decided the other way round has no reason for this', () => {
  expect(bodyOf(valuesOf(module, false), module, false)).toEqual({ enabled: false, reason: null, expires_at: null });
  expect(valuesOf({ ...module, source: 'plan' })).toMatchObject({ enabled: true, reason: '', expires_at: '' });
});

test('a limit is saved without taking back what somebody else decided meanwhile', () => {
  const off = { ...module, enabled: false, reason: 'unpaid', expires_at: '2031-01-01T00:00:30Z' };
  expect(sent({ usage_limit: 7 }, off)).toEqual({
    body: { enabled: false, reason: 'unpaid', expires_at: off.expires_at, usage_limit: 7 },
    changed: ['enabled', 'reason', 'expires_at'],
  });
});

test('a reason that was written is one for what it was written about', () => {
  const off = { ...module, enabled: false, reason: 'unpaid' };
  const { body, changed } = sent({ reason: 'until March' }, off);
  expect(body).toMatchObject({ enabled: true, reason: 'until March' });
  expect(changed).toContain('enabled');
});

test('what is turned off stays turned off, and another limit is taken over', () => {
  expect(sent({ reason: 'unpaid' }, { ...module, usage_limit: 50 }, false)).toEqual({ body: { enabled: false, reason: 'unpaid', expires_at: null }, changed: ['usage_limit'] });
  // Somebody else did the same, for another reason.
  expect(sent({ reason: 'unpaid' }, { ...module, enabled: false, reason: 'ticket 8' }, false)).toMatchObject({ body: { enabled: false, reason: 'unpaid' }, changed: ['reason', 'expires_at'] });
});
