// A day at work in small, for the pictures of the documentation: customers of every plan, whose programs ask for what they have, and now and
// then for what they don't.
import { asOwner, newCustomer, url } from './system.mjs';

const CUSTOMERS = { 'harbour-freight': 'pro', 'meadow-dairy': 'starter', 'granite-works': 'enterprise', 'willow-clinic': 'pro', 'quarry-tools': 'starter' };
// What is asked for often stands here more than once.
const ROUTES = ['contacts', 'contacts', 'contacts', 'contacts', 'deals', 'deals', 'deals', 'tasks', 'tasks', 'activities', 'organizations', 'workflows', 'contacts/nobody'];
/** How many requests of a customer come in a burst, at most. */
const BURST = 30;

/** Signs the customers up and has their programs ask, in waves, until it is ended: by the function that this answers. */
export async function traffic() {
  const keys = [];
  for (const [customer, plan] of Object.entries(CUSTOMERS)) {
    keys.push(await newCustomer(customer, plan));
    const path = `/api/admin/customers/${customer}/api-keys`;
    const { data } = await asOwner('GET', path);
    // A first key's thousand requests a month are over in a minute here.
    await asOwner('PATCH', `${path}/${data[0].id}`, { rate_limit_requests: 1_000_000 });
  }
  await asOwner('PUT', `/api/admin/customers/${Object.keys(CUSTOMERS)[0]}/limits`, { requests: 600, period: 'minute', reason: 'a runaway import' });
  let isOver = false;
  const asks = async (key, place) => {
    for (let wave = 0; !isOver; wave += 1) {
      const many = Math.ceil((BURST * (1 + Math.sin(wave / 9 + place))) / 2);
      for (let call = 0; call < many; call += 1) {
        const route = ROUTES[(call * 7 + wave) % ROUTES.length];
        await fetch(`${url}/api/v1/${route}`, { headers: { Authorization: `Bearer ${key}` } }).then((answer) => answer.text());
      }
      await new Promise((later) => setTimeout(later, 1500));
    }
  };
  const all = Promise.all(keys.map(asks));
  return () => {
    isOver = true;
    return all;
  };
}
