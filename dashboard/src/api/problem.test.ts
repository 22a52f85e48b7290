import { expect, test } from 'vitest';
import { fieldErrors, problemOf } from './problem';

test('a refusal keeps what the server said of it', () => {
  const problem = problemOf({
    type: '/problems/invalid', title: 'Something is wrong', status: 400, detail: 'See errors.', instance: 'urn:uuid:1',
    errors: [{ field: '/customer_id', message: 'is taken' }],
  });
  expect(problem.status).toBe(400);
  expect(fieldErrors(problem)).toEqual({ customer_id: 'is taken' });
});

test('no answer is a problem too', () => {
  const lost = problemOf(new TypeError('Failed to fetch'));
  expect(lost.title).toContain('can’t be reached');
  expect(lost.detail).toContain('may have been made');
  expect(problemOf(new Error('odd')).detail).toBe('odd');
});
