import type { Middleware } from 'openapi-fetch';

let signedOut: () => void = () => {};

/** Says what to do when the server doesn't know the session any more. */
export function onSignedOut(act: () => void) {
  signedOut = act;
}

/** How often somebody signed in or out here. */
let changes = 0;
/** What is under way, and how often that was when it was asked. */
const asked = new Map<string, number>();

/** Somebody signs in or out: what was asked before and is refused says nothing of who is signed in now. */
export function sessionChanged() {
  changes += 1;
}

/** Hears of a session that the server doesn't know any more. Signing in itself is refused for reasons of its own. */
export const watchful: Middleware = {
  onRequest({ id }) {
    asked.set(id, changes);
  },
  onResponse({ id, response, schemaPath }) {
    const isOfNow = asked.get(id) === changes;
    asked.delete(id);
    if (response.status === 401 && isOfNow && !schemaPath.startsWith('/api/admin/session')) signedOut();
    return response;
  },
  onError({ id }) {
    asked.delete(id);
  },
};
