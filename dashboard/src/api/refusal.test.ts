import { expect, test } from 'vitest';
import { refusedFields } from './refusal';

const refusal = (status: number, type: string, fields: Record<string, string> = {}) => ({
  type: `/problems/${type}`,
  title: 'Refused',
  status,
  detail: 'See errors.',
  errors: Object.entries(fields).map(([field, message]) => ({ field, message })),
});

test('a refusal stands at its fields, an element’s at its list', () => {
  const error = refusal(400, 'invalid-fields', { '/name': 'is long', '/modules/0': 'is unknown', '/modules/2': 'is off' });
  expect(refusedFields(error, ['name', 'modules'])).toEqual({ name: 'is long', modules: 'is unknown; is off' });
});

test('a refusal of what the form has no field for is shown as a whole', () => {
  expect(refusedFields(refusal(409, 'already-exists', { '/name': 'is taken', '/backup_id': 'is gone' }), ['name'])).toBe(null);
  expect(refusedFields(refusal(409, 'conflict'), ['name'])).toBe(null);
});

test('that the customer of the address isn’t there stands at the field that names them, where there is one', () => {
  const error = refusal(404, 'not-found');
  expect(refusedFields(error, ['customer', 'reason'], 'customer')).toEqual({ customer: 'is not a customer’s UUID or customerId' });
  expect(refusedFields(error, ['customer', 'reason'])).toBe(null);
  expect(refusedFields(refusal(503, 'unavailable'), ['customer'], 'customer')).toBe(null);
});
