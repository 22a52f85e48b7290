import type { Middleware } from 'openapi-fetch';

/** For how long a request that nobody answered is still meant when it is sent once more, in milliseconds. The server remembers it for a day. */
export const STILL_MEANT = 10 * 60_000;

/** What was sent and not answered, with its key and when that was. */
const unanswered = new Map<string, { key: string; at: number }>();

/**
 * A POST that is sent twice (a double click, a lost answer) has its effect once: until the server has said what became of it, the
 * same request has the same Idempotency-Key, whoever sends it. Another body is another request.
 */
export const repeatable: Middleware = {
  async onRequest({ request, schemaPath }) {
    if (request.method !== 'POST' || schemaPath.startsWith('/api/admin/session')) return;
    // What is sent, not what was typed: a moment that is counted from now makes another request of it.
    const what = `${request.url} ${await request.clone().text()}`;
    const now = Date.now();
    for (const [old, { at }] of unanswered) if (now - at >= STILL_MEANT) unanswered.delete(old);
    const key = unanswered.get(what)?.key ?? crypto.randomUUID();
    unanswered.set(what, { key, at: now });
    request.headers.set('Idempotency-Key', key);
    return request;
  },
  async onResponse({ request, response }) {
    const key = request.headers.get('Idempotency-Key');
    if (key && (await isDefinite(response))) forget(key);
    return undefined;
  },
};

/** Forgets all that nobody answered: whoever comes next means something else. */
export const forgetUnanswered = () => unanswered.clear();

function forget(key: string) {
  for (const [what, sent] of unanswered) if (sent.key === key) unanswered.delete(what);
}

/**
 * Whether the server has said what became of a request. What took too long (408) goes on there, a gateway may have lost the answer,
 * and so may the network on the way. With its key, what the server itself refused is judged anew all the same.
 */
async function isDefinite(response: Response): Promise<boolean> {
  if (response.status === 408 || response.status >= 500) return false;
  const text = await response.clone().text().catch(() => null);
  return text !== null && !(response.status === 409 && text.includes('/problems/idempotency-in-progress'));
}
