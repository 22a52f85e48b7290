// Clerk, as far as it tells of something: messages signed as Svix signs them.
import { createHmac } from 'node:crypto';
import { url } from './system.mjs';

const KEY = Buffer.from((process.env.SIXTY_CLERK_WEBHOOK_SECRET ?? '').replace('whsec_', ''), 'base64');

/** Sends a message about something that happens now. */
export async function send(id, type, data) {
  const body = JSON.stringify({ object: 'event', type, timestamp: Date.now(), data });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', KEY).update(`${id}.${timestamp}.${body}`).digest('base64');
  const headers = { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': `v1,${signature}`, 'Content-Type': 'application/json' };
  const answer = await fetch(`${url}/api/webhooks/clerk`, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`${type}: ${answer.status} ${await answer.text()}`);
}

/** What is told of a user. */
export const user = (id, name) => ({
  id,
  first_name: name,
  primary_email_address_id: 'idn_1',
  email_addresses: [{ id: 'idn_1', email_address: `${name.toLowerCase()}@example.org` }],
});

/** What is told of a membership. */
export const membership = (organization, user, role = 'org:admin') => ({ role, organization: { id: organization }, public_user_data: { user_id: user } });
