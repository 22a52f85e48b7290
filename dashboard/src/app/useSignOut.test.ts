import { expect, test } from 'vitest';
import { endSession } from './useSignOut';

const answered = (status: number, error?: unknown) => endSession(() => Promise.resolve({ error, response: new Response(null, { status }) }));

test('a session is over when the server has ended it, or knows none', async () => {
  await expect(answered(204)).resolves.toBeUndefined();
  await expect(answered(401, { status: 401, title: 'Nobody is signed in' })).resolves.toBeUndefined();
});

test('what says nothing of it is told, and the session goes on', async () => {
  const problem = { type: '/problems/unavailable', status: 503, title: 'Not now' };
  await expect(answered(503, problem)).rejects.toBe(problem);
  // A gateway's answer may say nothing at all.
  for (const nothing of [undefined, '']) await expect(answered(502, nothing)).rejects.toThrow('502');
  await expect(endSession(() => Promise.reject(new TypeError('Failed to fetch')))).rejects.toThrow('Failed to fetch');
});
