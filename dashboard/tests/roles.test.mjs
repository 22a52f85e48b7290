// What a role may not do is not offered, and refused by the API all the same. A page that asks for what its reader may not see would
// complain: so no page does.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { goTo, launch, open, settled, VIEWS, violations } from './browser.mjs';
import { asOwner, newCustomer, signedIn, until, url } from './system.mjs';

const CUSTOMER = 'rolls';
const CUSTOMER_PAGE = `/customers/${CUSTOMER}`;
const ADDRESSES = ['', '/modules', '/database', '/keys', '/limits', '/usage', '/users', '/audit', '/impersonation'];
const SECTIONS = ['account', 'operators', 'modules', 'secrets', 'streams', 'health', 'limits', 'clerk'];

/** What is offered where, by the right that it needs. */
const OFFERS = [
  ['/customers', 'Sign a customer up', 'customers:write'],
  [CUSTOMER_PAGE, 'Suspend', 'customers:suspend'],
  [CUSTOMER_PAGE, 'Impersonate', 'customers:impersonate'],
  [`${CUSTOMER_PAGE}/modules`, 'Change', 'subscriptions:write'],
  [`${CUSTOMER_PAGE}/modules`, /^More of/, 'modules:write'],
  [`${CUSTOMER_PAGE}/database`, 'Show the URL', 'credentials:reveal'],
  [`${CUSTOMER_PAGE}/database`, 'Back up now', 'backups:write'],
  [`${CUSTOMER_PAGE}/database`, 'Rotate', 'secrets:write'],
  [`${CUSTOMER_PAGE}/database`, 'Restore', 'backups:restore'],
  [`${CUSTOMER_PAGE}/keys`, 'New key', 'keys:write'],
  [`${CUSTOMER_PAGE}/keys`, /^What to do with/, 'keys:write'],
  [`${CUSTOMER_PAGE}/limits`, 'Set a limit', 'customers:write'],
  [`${CUSTOMER_PAGE}/impersonation`, 'Begin one', 'customers:impersonate'],
  ['/settings/modules', /^Change /, 'prices:write'],
  ['/settings/limits', 'Set a limit', 'customers:write'],
  ['/settings/operators', 'New operator', 'operators:write'],
  ['/settings/secrets', /^Rotate/, 'secrets:write'],
  ['/settings/streams', 'New stream', 'audit-streams:write'],
  ['/settings/clerk', 'Compare now and mend', 'clerk:write'],
  ['/operations/dead', 'Try again', 'operations:write'],
  ['/operations/queued', 'Take it back', 'operations:write'],
  ['/operations?tab=jobs', 'Try again', 'jobs:write'],
];

/** How what is offered in a menu, in a bar or in a drawer is opened, by its address. */
const OPENS = {
  '/customers': (page) => page.getByLabel(/^Select (?!all)/).first(),
  [CUSTOMER_PAGE]: (page) => page.getByRole('button', { name: 'More actions' }),
  '/operations?tab=jobs': (page) => page.getByRole('region', { name: 'List of jobs' }).getByRole('button').first(),
  '/settings/clerk': (page) => page.getByRole('region', { name: 'List of messages' }).getByRole('button').first(),
};

/** What is offered there. */
const OPENED = [
  ['/customers', 'button', /^Suspend…/, 'customers:suspend'],
  ['/customers', 'button', /^Resume…/, 'customers:suspend'],
  ['/customers', 'button', /^Turn a module/, 'modules:write'],
  ['/customers', 'button', /^Ask for backups…/, 'backups:write'],
  [CUSTOMER_PAGE, 'menuitem', 'Edit what is known', 'customers:write'],
  [CUSTOMER_PAGE, 'menuitem', 'Change the plan', 'subscriptions:write'],
  [CUSTOMER_PAGE, 'menuitem', 'Delete the customer', 'customers:delete'],
  ['/operations?tab=jobs', 'button', 'Take it off', 'jobs:write'],
  ['/settings/clerk', 'button', 'Do it once more', 'clerk:write'],
];

/** The same acts at the API's door. */
const ACTS = [
  ['POST', '/api/admin/customers', { customer_id: 'not-by-you', name: 'N', email: 'n@example.org', plan: 'pro' }, 'customers:write'],
  ['POST', `/api/admin/customers/${CUSTOMER}/suspend`, {}, 'customers:suspend'],
  ['POST', `/api/admin/customers/${CUSTOMER}/impersonations`, { reason: 'to look' }, 'customers:impersonate'],
  ['PUT', `/api/admin/customers/${CUSTOMER}/plan`, { plan: 'pro' }, 'subscriptions:write'],
  ['POST', `/api/admin/customers/${CUSTOMER}/connection-urls`, { role: 'readonly' }, 'credentials:reveal'],
  ['POST', `/api/admin/customers/${CUSTOMER}/api-keys`, { name: 'not by you' }, 'keys:write'],
  ['PUT', `/api/admin/customers/${CUSTOMER}/limits`, { requests: 1, period: 'hour' }, 'customers:write'],
  ['DELETE', `/api/admin/customers/${CUSTOMER}`, undefined, 'customers:delete'],
  ['GET', '/api/admin/secrets/data-keys', undefined, 'secrets:read'],
  ['POST', '/api/admin/operators', { email: 'not@example.org', name: 'N', roles: [] }, 'operators:write'],
];

describe('what a role may not do', () => {
  let browser;
  /** Answers of the API that only a bad day would give. */
  let given;

  before(async () => {
    browser = await launch();
    await newCustomer(CUSTOMER, 'pro');
    await asOwner('PUT', `/api/admin/customers/${CUSTOMER}/limits`, { requests: 6000, period: 'minute' });
    await asOwner('POST', `/api/admin/customers/${CUSTOMER}/backups`);
    await until('there is a backup', async () => (await asOwner('GET', `/api/admin/customers/${CUSTOMER}/backups`)).data.some(({ status }) => status === 'succeeded'), 60_000);
    const [operation] = (await asOwner('GET', `/api/admin/operations?customer=${CUSTOMER}`)).data;
    const job = { ...(await asOwner('GET', '/api/admin/jobs?limit=1')).data[0], status: 'dead' };
    const message = { id: 'msg_roles', type: 'user.created', status: 'failed', detail: null, attempts: 10, payload: {}, occurred_at: job.created_at, created_at: job.created_at, processed_at: null };
    given = {
      '/api/admin/operations/dead': { ...operation, status: 'dead' },
      '/api/admin/operations/queued': { ...operation, status: 'queued' },
      '/api/admin/jobs': { data: [job], next_cursor: null },
      [`/api/admin/jobs/${job.id}`]: job,
      '/api/admin/clerk/messages': { data: [message], next_cursor: null },
      '/api/admin/clerk/messages/msg_roles': message,
    };
  });

  after(() => browser?.close());

  for (const role of ['read-only', 'support', 'billing', 'admin']) {
    test(`is not offered, and refused: ${role}`, async () => {
      const { session } = await signedIn(`${role}@example.org`, [role]);
      const { permissions } = await session.ask('GET', '/api/admin/session');
      const may = new Set(permissions);
      const { page, context, wrongs, heard } = await open(browser, url, VIEWS[0], session.cookie);
      const found = [];
      for (const [path, json] of Object.entries(given)) await page.route((address) => address.pathname === path, (route) => route.fulfill({ json }));
      // What changes about an operation that isn't there.
      await page.route('**/api/admin/operations/*/events', (route) => route.fulfill({ contentType: 'text/event-stream', body: 'retry: 600000\n\n' }));
      await page.goto(`${url}/admin/`);
      await settled(page);
      for (const address of ['/', '/customers', '/usage', '/operations', '/operations?tab=jobs', '/operations/dead', '/operations/queued', '/audit', '/settings', ...ADDRESSES.map((part) => CUSTOMER_PAGE + part), ...SECTIONS.map((section) => `/settings/${section}`)]) {
        await goTo(page, address);
        await settled(page);
        const compare = (name, right, offered) => {
          if (offered > 0 !== may.has(right)) found.push(`${address}: ${name} is ${offered > 0 ? '' : 'not '}offered to ${role}, who may ${may.has(right) ? '' : 'not '}do ${right}`);
        };
        for (const [, name, right] of OFFERS.filter(([where]) => where === address)) {
          compare(name, right, await page.locator('main').getByRole('button', { name, exact: typeof name === 'string' }).or(page.locator('main').getByRole('link', { name, exact: typeof name === 'string' })).count());
        }
        const opener = OPENS[address]?.(page);
        if (opener && (await opener.count()) > 0) {
          await opener.click();
          await page.locator('[role="menu"], [role="dialog"], [role="group"][aria-label^="With the selected"]').filter({ visible: true }).first().waitFor();
          await settled(page);
        }
        for (const [, kind, name, right] of OPENED.filter(([where]) => where === address)) compare(name, right, await page.getByRole(kind, { name, exact: typeof name === 'string' }).count());
        // It would stay open above the other parts of the page.
        if ((await page.getByRole('menu').count()) > 0) await page.keyboard.press('Escape');
        await heard();
        found.push(...wrongs.splice(0).map((line) => `${address}: ${line}`));
      }
      // Sections that it may not see aren't in the list, nor found by the palette, and say why at their address.
      if (!may.has('secrets:read')) {
        await page.goto(`${url}/admin/settings/secrets`);
        await page.getByText('Your role doesn’t show this section').waitFor();
        assert.equal(await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Secrets and keys' }).count(), 0);
        assert.deepEqual(await violations(page), []);
      }
      await page.goto(`${url}/admin${CUSTOMER_PAGE}`);
      await settled(page);
      await page.keyboard.press('Control+k');
      const find = page.getByPlaceholder('A customer, key, page or action');
      await find.fill(`${CUSTOMER}: imperson`);
      // The page of impersonations is seen by who may not begin one.
      await page.getByText(`${CUSTOMER}: Impersonation`).waitFor({ timeout: 5000 });
      const offered = await page.getByText(`${CUSTOMER}: Impersonate`, { exact: true }).count();
      assert.equal(offered > 0, may.has('customers:impersonate'));
      await context.close();
      for (const [method, path, body, right] of ACTS.filter(([, , , right]) => !may.has(right))) {
        const answer = await session.ask(method, path, body).then(
          () => 'done',
          (error) => error.message,
        );
        assert.match(answer, /: 403 /, `${role} without ${right}`);
      }
      assert.deepEqual([...found, ...wrongs], []);
    });
  }
});
