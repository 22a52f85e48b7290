import type { MiddlewareCallbackParams } from 'openapi-fetch';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { forgetUnanswered, repeatable, STILL_MEANT } from './repeatable';

const OPERATORS = '/api/admin/operators';

beforeEach(forgetUnanswered);
afterEach(() => void vi.useRealTimers());

const asked = (request: Request, schemaPath: string) => ({ request, schemaPath }) as MiddlewareCallbackParams;

/** Sends a request; `answer` says what came back. */
async function send(body: unknown, { path = OPERATORS, method = 'POST' } = {}) {
  const request = new Request(`http://here${path}`, { method, body: method === 'GET' ? undefined : JSON.stringify(body) });
  await repeatable.onRequest?.(asked(request, path) as never);
  const answer = (response: Response) => repeatable.onResponse?.({ ...asked(request, path), response } as never);
  return { key: request.headers.get('Idempotency-Key'), body: await request.text(), answer };
}

const problem = (status: number, kind: string) => Response.json({ type: `/problems/${kind}`, status, title: 'No' }, { status });

test('what nobody answered has the same key when it is sent again, and its body as well', async () => {
  const first = await send({ name: 'Ada' });
  const second = await send({ name: 'Ada' });
  expect(first.key).toMatch(/^[0-9a-f-]{36}$/);
  expect(second.key).toBe(first.key);
  expect(second.body).toBe('{"name":"Ada"}');
});

test('an answer ends it: what is sent then is another intent', async () => {
  for (const answer of [new Response('{}', { status: 201 }), new Response(null, { status: 204 }), problem(400, 'invalid'), problem(409, 'conflict'), problem(409, 'idempotency-outcome-unknown'), problem(422, 'idempotency-key-reused')]) {
    const first = await send({ name: 'Ada' });
    await first.answer(answer);
    expect((await send({ name: 'Ada' })).key).not.toBe(first.key);
    forgetUnanswered();
  }
});

test('what says nothing of the outcome ends nothing', async () => {
  const broken = new Response(new ReadableStream({ start: (stream) => stream.error(new TypeError('network error')) }), { status: 201 });
  for (const answer of [problem(408, 'request-timeout'), problem(409, 'idempotency-in-progress'), new Response('Bad Gateway', { status: 502 }), problem(503, 'outcome-unknown'), broken]) {
    const first = await send({ name: 'Ada' });
    await first.answer(answer);
    expect((await send({ name: 'Ada' })).key).toBe(first.key);
    forgetUnanswered();
  }
});

test('other values and other places are other requests, and the first is still known after them', async () => {
  const first = await send({ name: 'Ada' });
  const other = await send({ name: 'Bob' });
  const elsewhere = await send({ name: 'Ada' }, { path: '/api/admin/tokens' });
  expect(new Set([first.key, other.key, elsewhere.key]).size).toBe(3);
  await other.answer(new Response('{}'));
  expect((await send({ name: 'Ada' })).key).toBe(first.key);
});

test('after a while, the same is meant anew; and so it is by whoever signs in next', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const first = await send({ name: 'Ada' });
  vi.advanceTimersByTime(STILL_MEANT);
  const later = await send({ name: 'Ada' });
  expect(later.key).not.toBe(first.key);
  forgetUnanswered();
  expect((await send({ name: 'Ada' })).key).not.toBe(later.key);
});

test('signing in and what isn’t a POST have no key', async () => {
  expect((await send({ password: 'x' }, { path: '/api/admin/session' })).key).toBeNull();
  expect((await send({ name: 'x' }, { method: 'PATCH' })).key).toBeNull();
  expect((await send(null, { method: 'GET' })).key).toBeNull();
});
