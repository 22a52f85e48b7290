import type { MiddlewareCallbackParams } from 'openapi-fetch';
import { beforeEach, expect, test, vi } from 'vitest';
import { onSignedOut, sessionChanged, watchful } from './signedOut';

const ended = vi.fn();

beforeEach(() => {
  ended.mockReset();
  onSignedOut(ended);
});

let asked = 0;

/** Asks something; what it returns answers it. */
function ask(schemaPath: string) {
  asked += 1;
  const params = { id: String(asked), schemaPath, request: new Request(`http://here${schemaPath}`) } as MiddlewareCallbackParams;
  void watchful.onRequest?.(params as never);
  return (status: number) => void watchful.onResponse?.({ ...params, response: new Response(null, { status }) } as never);
}

test('what is refused because nobody is signed in ends the session', () => {
  ask('/api/admin/customers')(200);
  ask('/api/admin/customers')(403);
  expect(ended).not.toHaveBeenCalled();
  ask('/api/admin/customers')(401);
  expect(ended).toHaveBeenCalledOnce();
});

test('a wrong password ends nothing', () => {
  ask('/api/admin/session')(401);
  expect(ended).not.toHaveBeenCalled();
});

test('what was asked before somebody signed in and is refused late doesn’t sign them out', () => {
  const late = ask('/api/admin/usage');
  sessionChanged();
  late(401);
  expect(ended).not.toHaveBeenCalled();
  ask('/api/admin/usage')(401);
  expect(ended).toHaveBeenCalledOnce();
});
