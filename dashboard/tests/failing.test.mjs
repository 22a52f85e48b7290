// When a part fails, or the server does, the rest of the page stays and says what to do; a change that was shown before the server
// agreed is taken back; what is written in a form outlives what somebody else changes; a filter that is refused says so where it is set.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { complaints, goTo, launch, picture, settled, violations } from './browser.mjs';
import { asOwner, newCustomer, signedIn, url } from './system.mjs';
import { visit } from './visit.mjs';

const CUSTOMER = 'fragile';
const PROBLEM = { type: '/problems/unavailable', title: 'The admin database doesn’t answer', status: 500, detail: 'Try again in a moment.', instance: '1' };
const broken = (route) => route.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify(PROBLEM) });

describe('what fails', () => {
  let browser;
  let session;

  before(async () => {
    browser = await launch();
    ({ session } = await signedIn('failing@example.org', ['owner']));
    await newCustomer(CUSTOMER, 'pro');
  });

  after(() => browser?.close());

  /** A visit during which requests to this path get another answer than the server’s. */
  const without = (path, pattern, answer, act) =>
    visit(
      browser,
      session.cookie,
      '/settings/account',
      async (page) => {
        await page.route(pattern, answer);
        await page.goto(`${url}/admin${path}`);
        await act(page);
      },
      { complains: (wrong) => /500|console:|error:/.test(wrong) },
    );

  test('a panel whose question fails says so, can be tried again, and blanks nothing', () =>
    without('/', '**/api/admin/statistics/modules?*', broken, async (page) => {
      const modules = page.getByRole('region', { name: 'Modules' });
      await modules.getByRole('alert').getByText('The admin database doesn’t answer').waitFor();
      await page.getByRole('region', { name: 'Health' }).getByText('OK').first().waitFor();
      await page.getByRole('region', { name: 'Requests and response times' }).getByRole('slider').waitFor();
      assert.equal(await page.getByRole('alert').count(), 1);
      await picture(page, 'failing-panel');
      assert.deepEqual(await complaints(page), []);
      await page.unroute('**/api/admin/statistics/modules?*');
      await modules.getByRole('button', { name: 'Try again' }).click();
      await modules.getByText('CRM').first().waitFor();
    }));

  test('a panel that breaks on what it is told says so, and blanks nothing', () =>
    without('/', '**/api/admin/health', (route) => route.fulfill({ json: { status: 'ok', parts: { not: 'a list' } } }), async (page) => {
      await page.getByRole('region', { name: 'Health' }).getByRole('alert').waitFor();
      await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
      await page.getByRole('region', { name: 'Customers' }).getByText(`${CUSTOMER} GmbH`).waitFor();
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Usage' }).click();
      await page.getByRole('heading', { name: 'Usage', level: 1 }).waitFor();
    }));

  test('what was answered before the server went away stays, and is said to be of before', () =>
    visit(
      browser,
      session.cookie,
      '/',
      async (page) => {
        const wrong = page.getByRole('region', { name: 'What is wrong' });
        const health = page.getByRole('region', { name: 'Health' });
        const asked = /\/api\/admin\/(health|statistics|usage)/;
        const old = /^As of .*; it can’t be asked now$/;
        await health.getByText('OK', { exact: true }).first().waitFor();
        await page.route(asked, broken);
        // The overview asks by itself, each quarter of a minute. A step of its span, when one falls into this, has no answer of its own: the
        // one before it is told.
        await wrong.getByText(/health.* can’t be asked now: the last answer is of/).waitFor({ timeout: 40_000 });
        assert.equal(await wrong.getByText('Nothing is wrong').count(), 0);
        await health.getByRole('status').filter({ hasText: old }).waitFor();
        await health.getByText('OK', { exact: true }).first().waitFor();
        await picture(page, 'failing-overview');
        assert.deepEqual(await complaints(page), []);
        await goTo(page, '/settings/health');
        await page.getByText('How everything is can’t be asked now').waitFor();
        assert.equal(await page.getByText('Everything is as it should be').count(), 0);
        await page.unroute(asked);
        await goTo(page, '/');
        await health.getByText('OK', { exact: true }).first().waitFor();
        await wrong.getByText(/can’t be asked now/).waitFor({ state: 'detached', timeout: 40_000 });
        await health.getByRole('status').filter({ hasText: old }).waitFor({ state: 'detached', timeout: 40_000 });
      },
      { complains: (wrong) => /500|console:/.test(wrong) },
    ));

  test('a part of a customer’s page that fails leaves the others', () =>
    without(`/customers/${CUSTOMER}/database`, '**/database', (route) => (route.request().url().includes('/api/') ? broken(route) : route.continue()), async (page) => {
      await page.getByRole('region', { name: 'Database', exact: true }).getByRole('alert').waitFor();
      await page.getByRole('region', { name: 'Backups', exact: true }).getByRole('button', { name: 'Back up now' }).waitFor();
      await page.getByRole('navigation', { name: /^Parts of/ }).getByRole('link', { name: 'API keys' }).click();
      await page.getByRole('region', { name: 'Table of the API keys' }).getByRole('row').nth(1).waitFor();
    }));

  test('a change is seen before the server has answered, and taken back when it refuses', async () => {
    const path = `/api/admin/customers/${CUSTOMER}/api-keys`;
    const [key] = (await asOwner('GET', path)).data;
    let answered = () => {};
    const asked = new Promise((resolve) => (answered = resolve));
    await visit(
      browser,
      session.cookie,
      `/customers/${CUSTOMER}/keys`,
      async (page) => {
        await page.route('**/api-keys/*', async (route) => {
          if (route.request().method() !== 'PATCH') return route.continue();
          await asked;
          await broken(route);
        });
        await page.getByRole('button', { name: /^What to do with/ }).click();
        await page.getByRole('menuitem', { name: 'Change' }).click();
        const dialog = page.getByRole('dialog');
        await dialog.getByLabel('Name').fill('seen at once');
        await dialog.getByRole('button', { name: 'Change the key' }).click();
        const listing = page.getByRole('region', { name: 'Table of the API keys' });
        await listing.getByText('seen at once').waitFor();
        answered();
        await dialog.getByText('The admin database doesn’t answer').waitFor();
        await listing.getByText('seen at once').waitFor({ state: 'hidden' });
        await listing.getByText(key.name, { exact: true }).waitFor();
      },
      { complains: (wrong) => /500/.test(wrong) },
    );
    assert.equal((await asOwner('GET', `${path}/${key.id}`)).name, key.name);
  });

  test('a key that two change at once: what is written stays, and what the other one changed is told and taken over', async () => {
    const path = `/api/admin/customers/${CUSTOMER}/api-keys`;
    const [made] = (await asOwner('GET', path)).data;
    await visit(browser, session.cookie, `/customers/${CUSTOMER}/keys`, async (page) => {
      const dialog = page.getByRole('dialog');
      await page.getByRole('button', { name: `What to do with ${made.name}` }).click();
      await page.getByRole('menuitem', { name: 'Change' }).click();
      await dialog.getByLabel('Name').fill('written here');
      await asOwner('PATCH', `${path}/${made.id}`, { name: 'written there', rate_limit_requests: 7654 });
      await dialog.getByText('Shown here as it is now: Limit.').waitFor();
      await dialog.getByText('Name is now “written there”: saving puts yours in its place.').waitFor();
      assert.equal(await dialog.getByLabel('Limit').inputValue(), '7,654');
      assert.equal(await dialog.getByLabel('Name').inputValue(), 'written here');
      await picture(page, 'failing-key-changed-meanwhile');
      assert.deepEqual(await complaints(page), []);
      await dialog.getByRole('button', { name: 'Change the key' }).click();
      await dialog.waitFor({ state: 'hidden' });
    });
    const { name, rate_limit_requests: limit } = await asOwner('GET', `${path}/${made.id}`);
    assert.deepEqual([name, limit], ['written here', 7654]);
  });

  test('a module that two decide about at once: the other one’s decision is told, and not taken back; its end keeps its seconds', async () => {
    const path = `/api/admin/customers/${CUSTOMER}/modules`;
    const module = 'workflow_automation';
    const ends = `${new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 17)}42Z`;
    const decide = (decision) => asOwner('PUT', `${path}/${module}`, { enabled: true, expires_at: ends, reason: 'first', ...decision });
    const held = async () => (await asOwner('GET', path)).data.find((one) => one.module_key === module);
    await decide({});
    await visit(browser, session.cookie, `/customers/${CUSTOMER}/modules`, async (page) => {
      const dialog = page.getByRole('dialog');
      const open = async () => {
        await page.getByRole('button', { name: 'More of Workflow Automation' }).click();
        await page.getByRole('menuitem', { name: 'Reason, end and limit' }).click();
        await dialog.getByLabel('Limit').fill('7');
      };
      await open();
      await decide({ reason: 'written there' });
      await dialog.getByText('Shown here as it is now: Reason.').waitFor();
      await picture(page, 'failing-module-changed-meanwhile');
      assert.deepEqual(await complaints(page), []);
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'hidden' });
      const { enabled, reason, expires_at: at, usage_limit: limit } = await held();
      assert.deepEqual([enabled, reason, Date.parse(at), limit], [true, 'written there', Date.parse(ends), 7]);
      await open();
      await dialog.getByLabel('Reason').fill('written here');
      await decide({ enabled: false, reason: 'turned off there' });
      await dialog.getByText('On or off is now “off”: saving puts yours in its place.').waitFor();
      // It would turn the module on again, and says so.
      await dialog.getByRole('button', { name: 'Turn on' }).waitFor();
      await dialog.getByRole('button', { name: 'Cancel' }).click();
    });
    assert.equal((await held()).enabled, false);
  });

  test('a limit that two change at once: the other one’s is told and taken over, and that it was taken away is told', async () => {
    const path = `/api/admin/customers/${CUSTOMER}/limits`;
    const set = (limit) => asOwner('PUT', path, { requests: 6000, period: 'minute', reason: 'first', ...limit });
    await set({});
    await visit(browser, session.cookie, `/customers/${CUSTOMER}/limits`, async (page) => {
      const dialog = page.getByRole('dialog');
      await page.getByRole('button', { name: /^Change the limit/ }).click();
      await dialog.getByLabel('Reason').fill('written here');
      await set({ requests: 70_000, period: 'hour' });
      await dialog.getByText('Shown here as it is now: Limit.').waitFor();
      await dialog.getByRole('button', { name: 'Set the limit' }).click();
      await dialog.waitFor({ state: 'hidden' });
      const [{ requests, period, reason }] = (await asOwner('GET', path)).data;
      assert.deepEqual([requests, period, reason], [70_000, 'hour', 'written here']);
      await page.getByRole('button', { name: /^Change the limit/ }).click();
      await dialog.getByLabel('Reason').waitFor();
      await asOwner('DELETE', path);
      await dialog.getByText('Somebody else has taken this limit away meanwhile').waitFor();
      assert.deepEqual(await complaints(page), []);
      await dialog.getByRole('button', { name: 'Cancel' }).click();
    });
  });

  test('a filter that names nobody says so where it is set, and the next one is looked for', () =>
    visit(
      browser,
      session.cookie,
      '/audit?customer=nobody-here',
      async (page) => {
        const says = 'is not a customer\'s UUID or customerId';
        const field = page.getByRole('search').getByRole('combobox', { name: 'Customer' });
        await page.getByRole('search').getByText(says).waitFor();
        assert.deepEqual([await field.inputValue(), await field.getAttribute('aria-invalid')], ['nobody-here', 'true']);
        await page.locator('main').getByText('The filter names what isn’t there').first().waitFor();
        assert.equal(await page.getByRole('alert').count(), 0);
        assert.deepEqual(await violations(page), []);
        await field.fill('fragi');
        await page.getByRole('option', { name: CUSTOMER }).click();
        await page.waitForURL((at) => at.searchParams.get('customer') === CUSTOMER);
        await settled(page);
        assert.ok((await page.locator('main tbody tr').count()) > 0);
        assert.equal(await field.getAttribute('aria-invalid'), null);
        await goTo(page, '/usage?customer=nobody-here');
        const filters = page.getByRole('group', { name: 'Filters' });
        await filters.getByText(says).waitFor();
        await page.getByText('The filter names what isn’t there').waitFor();
        assert.equal(await page.locator('main').getByRole('alert').count(), 1);
        assert.deepEqual(await violations(page), []);
        await filters.getByRole('button', { name: /^Don’t filter by Customer/ }).click();
        await page.getByRole('heading', { name: 'Single requests' }).waitFor();
        await filters.getByRole('button', { name: 'Filter' }).click();
        await page.getByRole('dialog').getByLabel('Is').first().fill('fragi');
        await page.getByRole('option', { name: CUSTOMER }).click();
        await page.waitForURL((at) => at.searchParams.get('customer') === CUSTOMER);
      },
      { complains: (wrong) => /400/.test(wrong) },
    ));

  test('what changes elsewhere is seen without reloading', () =>
    visit(browser, session.cookie, `/customers/${CUSTOMER}`, async (page) => {
      await asOwner('POST', `/api/admin/customers/${CUSTOMER}/suspend`, { reason: 'seen from elsewhere' });
      await page.getByText('seen from elsewhere').first().waitFor({ timeout: 10_000 });
      await asOwner('POST', `/api/admin/customers/${CUSTOMER}/resume`);
      await page.getByRole('button', { name: 'Suspend' }).waitFor({ timeout: 10_000 });
    }));
});
