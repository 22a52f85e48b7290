// The running system that the tests look at, and who may sign in there.
import { readFileSync } from 'node:fs';
import { Session } from './operator.mjs';

/** Where the server is. */
export const url = process.env.SIXTY_URL ?? 'http://localhost:3000';

/** Asks the operator API with the token of the configuration. */
export async function asOwner(method, path, body) {
  const token = readFileSync(process.env.SIXTY_OPERATOR_TOKEN_FILE, 'utf8').trim();
  const headers = { Authorization: `Bearer ${token}` };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

/** Makes an operator's account. Answers its address and the password for the first sign-in. */
export async function newOperator(email, roles) {
  const made = await asOwner('POST', '/api/admin/operators', { email, name: email.split('@')[0], roles });
  return { email, oneTimePassword: made.one_time_password };
}

/** An operator who has signed in before: their session, and what they sign in with again. */
export async function signedIn(email, roles) {
  const { oneTimePassword } = await newOperator(email, roles);
  const session = new Session(url);
  const account = await session.begin(email, oneTimePassword, 'quarry lantern fjord mittens');
  return { session, account };
}

/** Signs a customer up and waits until they are ready. Answers their first API key. */
export async function newCustomer(customerId, plan = 'pro') {
  const body = { customerId, customerName: `${customerId} GmbH`, customerEmail: `office@${customerId}.example`, plan };
  return (await asOwner('POST', '/api/provision', body)).apiKey.key;
}

/** Waits until this answers something. */
export async function until(what, condition, limit = 30_000) {
  const end = Date.now() + limit;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${limit} ms: ${what}`);
    await new Promise((later) => setTimeout(later, 100));
  }
}
