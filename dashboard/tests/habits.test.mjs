// What people get used to: the palette, the keyboard, charts that lead on, changes that are asked for in writing, links that
// show what their sender saw, and a page that stays when a part of it breaks.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from './admin.mjs';
import { goTo, launch, settled, violations } from './browser.mjs';
import { asOwner, newCustomer, signedIn, until, url } from './system.mjs';
import { visit } from './visit.mjs';

const CUSTOMER = 'harbour-habits';

describe('habits', () => {
  let browser;
  let session;
  let key;

  before(async () => {
    browser = await launch();
    ({ session } = await signedIn('habits@example.org', ['owner']));
    key = await newCustomer(CUSTOMER, 'enterprise');
    for (let call = 0; call < 4; call += 1) await fetch(`${url}/api/v1/workflows`, { headers: { Authorization: `Bearer ${key}` } });
  });

  after(() => browser?.close());

  /** A window at this address; at its end nothing may have been complained of. */
  const at = (path, act, options) => visit(browser, session.cookie, path, act, options);

  test('the palette is there as soon as the page is, and reaches parts of pages', () =>
    at('/', async (page) => {
      await page.keyboard.press('Control+k');
      const find = page.getByPlaceholder('A customer, key, page or action');
      await find.fill('limits');
      await page.getByText('Settings: Limits and configuration').waitFor();
      assert.deepEqual(await violations(page), []);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Limits and configuration', level: 1 }).waitFor();
      // The palette is gone, and what had the keyboard before it as well.
      await page.locator('main#page:focus').waitFor();
      await page.keyboard.press('Control+k');
      await page.keyboard.press('Escape');
      await find.waitFor({ state: 'hidden' });
    }));

  test('on a customer’s page, the palette has the parts of it, and a key by its name', () =>
    at(`/customers/${CUSTOMER}`, async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByPlaceholder('A customer, key, page or action').fill('database');
      await page.getByText(`${CUSTOMER}: Database`).click();
      await page.waitForURL(`**/customers/${CUSTOMER}/database`);
      await page.keyboard.press('Control+k');
      await page.getByPlaceholder('A customer, key, page or action').fill(key.slice(0, 11));
      await page.getByText(/^Key of/).click();
      await page.getByRole('dialog', { name: /^API key/ }).waitFor();
    }));

  test('a point of a customer’s chart leads to its requests', () =>
    at(`/customers/${CUSTOMER}/usage?range=24h`, async (page) => {
      const chart = page.getByRole('slider', { name: /^Requests by/ });
      await until('the requests are on the chart', async () => {
        await page.reload();
        await settled(page);
        return (await chart.count()) > 0;
      });
      await page.getByRole('list', { name: 'Modules' }).getByRole('link', { name: 'Workflow Automation' }).waitFor();
      await chart.focus();
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      await page.waitForURL((address) => address.pathname === '/admin/usage' && address.searchParams.get('customer') === CUSTOMER && address.searchParams.has('from'));
      await page.getByRole('heading', { name: 'Single requests' }).waitFor();
    }));

  test('what the palette does for everybody, too, is a dialog and a file', () =>
    at('/', async (page) => {
      const find = async (words, label) => {
        await page.keyboard.press('Control+k');
        await page.getByPlaceholder('A customer, key, page or action').fill(words);
        await page.locator('[data-action][data-selected]').filter({ hasText: label }).waitFor();
        await page.keyboard.press('Enter');
      };
      await find('rotate master', 'Rotate the master key');
      await page.getByRole('dialog').getByText(/wrap everything|^Rotate the master key$/).first().waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      await find('change a price', 'Change a price');
      await page.getByRole('dialog').getByRole('button', { name: /^CRM Core/ }).click();
      await page.getByRole('dialog').getByLabel('A month, USD').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      await find('compare clerk mend', 'Compare with Clerk and mend');
      await page.getByRole('dialog').getByRole('button', { name: 'Compare and mend' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      const download = page.waitForEvent('download');
      await find('export customers', 'Export all customers');
      assert.match((await download).suggestedFilename(), /\.csv$/);
    }));

  test('an entry of the timeline leads to its row of the audit log, its operation, or the backups', () =>
    at(`/customers/${CUSTOMER}`, async (page) => {
      const timeline = page.getByRole('region', { name: 'Timeline' });
      await timeline.getByRole('link', { name: /^The API key/ }).first().click();
      await page.waitForURL((address) => address.pathname === '/admin/audit' && address.searchParams.has('entry'));
      await page.getByRole('dialog', { name: 'API key created' }).waitFor();
      await page.goBack();
      await timeline.getByRole('link', { name: 'Signing the customer up is done.' }).click();
      await page.waitForURL('**/operations/*');
      await page.getByRole('heading', { name: `Sign-up of ${CUSTOMER}`, level: 1 }).waitFor();
    }));

  test('Back from what was opened leads to the same page of a listing, and so does a link', async () => {
    for (let change = 0; change < 55; change += 1) await asOwner('PATCH', `/api/admin/customers/${CUSTOMER}`, { industry: `Harbours ${change}` });
    await at(`/audit?customer=${CUSTOMER}&action=customer_updated`, async (page) => {
      const rows = page.getByRole('region', { name: 'Rows of the audit log' }).locator('tbody tr');
      assert.equal(await rows.count(), 50);
      await page.getByRole('button', { name: 'Next' }).click();
      await page.waitForURL((address) => address.searchParams.has('page'));
      await settled(page);
      await page.waitForFunction(() => document.querySelectorAll('main tbody tr').length === 5);
      await page.getByRole('status').getByText('Page 2: 5 rows').waitFor({ state: 'attached' });
      const shown = page.url();
      await rows.first().getByRole('link', { name: `${CUSTOMER} GmbH` }).first().click();
      await page.getByRole('heading', { name: `${CUSTOMER} GmbH`, level: 1 }).waitFor();
      await page.goBack();
      await settled(page);
      assert.equal(page.url(), shown);
      assert.equal(await rows.count(), 5);
      await page.reload();
      await settled(page);
      assert.equal(await rows.count(), 5);
      await page.getByRole('button', { name: 'Back', exact: true }).click();
      await page.waitForFunction(() => document.querySelectorAll('main tbody tr').length === 50);
      // Of another filter it is none.
      await page.goto(`${shown}&q=harbours`);
      await settled(page);
      assert.equal(await rows.count(), 50);
      assert.ok(!new URL(page.url()).searchParams.has('page'));
    });
  });

  test('what is opened over a listing leaves it where it is, and no step back opens it again once it is closed', () =>
    at(`/audit?customer=${CUSTOMER}`, async (page) => {
      const row = page.getByRole('region', { name: 'Rows of the audit log' }).locator('tbody tr').last().getByRole('link').first();
      const dialog = page.getByRole('dialog');
      await row.hover();
      const top = await page.evaluate(() => window.scrollY);
      assert.ok(top > 0);
      await row.click();
      await page.waitForURL((address) => address.searchParams.has('entry'));
      await dialog.waitFor();
      await page.keyboard.press('Escape');
      await page.waitForURL((address) => !address.searchParams.has('entry'));
      await dialog.waitFor({ state: 'hidden' });
      await row.and(page.locator(':focus')).waitFor();
      assert.equal(await page.evaluate(() => window.scrollY), top);
      await page.goBack();
      await settled(page);
      assert.ok(!new URL(page.url()).searchParams.has('entry'));
      assert.equal(await dialog.count(), 0);
    }));

  test('what is changed inside of what is opened over a page makes no step back that opens it again', () =>
    at(`/customers/${CUSTOMER}/keys`, async (page) => {
      const dialog = page.getByRole('dialog', { name: /^API key/ });
      await page.getByRole('region', { name: 'Table of the API keys' }).locator('tbody tr').first().getByRole('button').first().click();
      await page.waitForURL((address) => address.searchParams.has('key'));
      await dialog.getByRole('button', { name: /^Time range/ }).click();
      await page.getByRole('button', { name: 'Last 30 days' }).click();
      await page.waitForURL((address) => address.searchParams.get('range') === '30d' && address.searchParams.has('key'));
      await dialog.getByRole('button', { name: 'Time range: Last 30 days' }).waitFor();
      await dialog.getByRole('button', { name: 'Close' }).click();
      await page.waitForURL((address) => !address.searchParams.has('key'));
      await dialog.waitFor({ state: 'hidden' });
      await page.goBack();
      await settled(page);
      assert.ok(!new URL(page.url()).searchParams.has('key'));
      assert.equal(await dialog.count(), 0);
    }));

  test('a point of the growth of customers leads to those who signed up then', () =>
    at('/', async (page) => {
      const chart = page.getByRole('slider', { name: /^Customers over time/ });
      await chart.focus();
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      await page.waitForURL((address) => address.pathname === '/admin/customers' && address.searchParams.has('from'));
      await settled(page);
      await page.getByRole('button', { name: 'Clear' }).click();
      await page.waitForURL((address) => !address.searchParams.has('from'));
      await page.goto(`${url}/admin/customers?q=${CUSTOMER}&from=2020-01-01T00:00:00Z&until=2100-01-01T00:00:00Z`);
      await page.getByRole('link', { name: `${CUSTOMER} GmbH` }).waitFor();
      await page.getByPlaceholder('Signed up: 01 Jan 2020, 00:00 – 01 Jan 2100, 00:00 UTC').waitFor();
      await page.goto(`${url}/admin/customers?q=${CUSTOMER}&from=2020-01-01T00:00:00Z&until=2021-01-01T00:00:00Z`);
      await page.getByText('No customer is like that').waitFor();
    }));

  test('single requests that retention removed are said to be gone', async () => {
    await sql("insert into admin_api_usage_retired (month, requests) values ('2020-01-01', 1)");
    try {
      await at(
        '/usage?from=2020-01-10T00:00:00Z&until=2020-01-20T00:00:00Z',
        async (page) => {
          await page.getByText('The single requests of this time are gone').waitFor();
          assert.deepEqual(await violations(page), []);
        },
        // Nor is what would be counted from them.
        { complains: (wrong) => /400/.test(wrong) },
      );
    } finally {
      await sql("delete from admin_api_usage_retired where month = '2020-01-01'");
    }
  });

  test('single requests of which not all were looked through yet say how far that went, and go on', () =>
    at('/settings/account', async (page) => {
      // As if nothing had been found within some seconds.
      const next_cursor = Buffer.from(JSON.stringify({ s: '-created_at', v: new Date().toISOString(), i: '00000000-0000-0000-0000-000000000000' })).toString('base64url');
      await page.route('**/api/admin/usage/requests?*', (route) =>
        new URL(route.request().url()).searchParams.has('cursor') ? route.continue() : route.fulfill({ json: { data: [], next_cursor, kept_since: null } }),
      );
      await goTo(page, `/usage?customer=${CUSTOMER}&range=24h`);
      const panel = page.getByRole('region', { name: 'Single requests', exact: true });
      await panel.getByText(/^Looked back to .* UTC; none so far$/).waitFor();
      await settled(page);
      assert.deepEqual(await violations(page), []);
      await panel.getByRole('button', { name: 'Look further' }).click();
      await page.getByRole('region', { name: 'List of single requests' }).getByText('GET /api/v1/workflows').first().waitFor();
      await panel.getByRole('status').getByText(/^Page 2: \d+ requests?$/).waitFor({ state: 'attached' });
    }));

  test('while usage is put together anew, nothing of the grouping before stands under the new head', () =>
    at(`/usage?customer=${CUSTOMER}&range=24h&by=route`, async (page) => {
      await page.getByRole('region', { name: 'Requests by route' }).getByRole('link', { name: 'GET /api/v1/workflows' }).waitFor();
      let go = () => {};
      const going = new Promise((resolve) => (go = resolve));
      await page.route('**/api/admin/usage/series?*group_by=status*', (route) => going.then(() => route.continue()));
      await page.getByRole('radiogroup', { name: 'Put together by' }).getByText('Status', { exact: true }).click();
      const table = page.getByRole('region', { name: 'Requests by status' });
      await table.waitFor();
      assert.equal(await table.getByRole('link').count(), 0);
      go();
      await table.getByRole('link').first().waitFor();
    }));

  test('rows of every listing are gone through by keyboard', () =>
    at('/operations', async (page) => {
      // Part of a name finds whom to filter by.
      await page.keyboard.press('/');
      await page.keyboard.type('bour-hab');
      await page.getByRole('option', { name: `${CUSTOMER} ${CUSTOMER} GmbH` }).waitFor();
      assert.deepEqual(await violations(page), []);
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.waitForURL((address) => address.searchParams.get('customer') === CUSTOMER);
      await page.getByRole('status').getByText('1 operation', { exact: true }).waitFor({ state: 'attached' });
      await page.locator('main h1').click();
      await page.keyboard.press('j');
      await page.waitForFunction(() => document.activeElement?.closest('tbody tr') !== null);
      await page.keyboard.press('Enter');
      await page.waitForURL('**/operations/*');
    }));

  test('a smaller plan says what it takes away, and is asked for in writing', () =>
    at(`/customers/${CUSTOMER}/modules`, async (page) => {
      await page.getByRole('region', { name: 'Plan', exact: true }).getByRole('button', { name: 'Change' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('Starter', { exact: true }).click();
      const does = dialog.getByRole('region', { name: 'What the change does' });
      await does.getByText('Workflow Automation').first().waitFor();
      assert.deepEqual(await violations(page), []);
      const act = dialog.getByRole('button', { name: 'Downgrade to Starter' });
      assert.ok(await act.isDisabled());
      await dialog.getByLabel('Reason').fill('they asked for it');
      await dialog.getByLabel(/^Type/).fill(CUSTOMER);
      await act.click();
      await dialog.waitFor({ state: 'hidden' });
      await page.getByText('Starter plan').first().waitFor();
      const refused = await until('the module is off', async () => {
        const answer = await fetch(`${url}/api/v1/workflows`, { headers: { Authorization: `Bearer ${key}` } });
        return answer.status === 403 && answer.json();
      });
      assert.equal(refused.module, 'workflow_automation');
    }));

  test('a row of the audit log is found by its id, however old it is', async () => {
    const { data } = await asOwner('GET', '/api/admin/audit-logs?limit=200');
    const oldest = data.at(-1);
    // A filter that leaves the row out: what is linked to is shown all the same.
    await at(`/audit?action=customer_resumed&entry=${oldest.id}`, async (page) => {
      await page.getByRole('dialog').getByText(oldest.id).first().waitFor();
    });
    // In the customer's own log, too: a link to a row that is on a later page, and to what was opened.
    const first = (await asOwner('GET', `/api/admin/audit-logs?customer=${CUSTOMER}&limit=200`)).data.at(-1);
    await at(`/customers/${CUSTOMER}/audit?entry=${first.id}`, async (page) => {
      const linked = page.getByRole('list', { name: 'The row of the link' });
      await linked.getByText(first.id).first().waitFor();
      assert.deepEqual(await violations(page), []);
      const row = page.getByRole('list', { name: 'Audit rows' }).getByRole('button', { expanded: false }).first();
      await row.click();
      await linked.waitFor({ state: 'detached' });
      await page.waitForURL((address) => address.searchParams.has('entry') && address.searchParams.get('entry') !== first.id);
      await page.reload();
      await page.getByRole('list', { name: 'Audit rows' }).getByRole('button', { expanded: true }).waitFor();
      await page.goBack();
      await linked.getByText(first.id).first().waitFor();
      await goTo(page, `/customers/${CUSTOMER}/audit?entry=${oldest.id}`);
      await page.getByText('This customer’s log has no row of this id').waitFor();
    });
  });

  test('a dialog or a menu whose script is missing says so, the page behind it stays, and it is there once its script is', () =>
    at(
      '/',
      async (page) => {
        // The page would load itself anew once, as after a new release.
        await page.evaluate(() => sessionStorage.setItem('reloaded', String(Date.now())));
        await page.route('**/ShortcutSheet-*.js', (route) => route.abort());
        await page.keyboard.press('?');
        await page.getByRole('dialog').getByRole('alert').waitFor();
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'hidden' });
        await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
        await page.unroute('**/ShortcutSheet-*.js');
        // It is asked for again.
        await page.keyboard.press('?');
        await page.getByRole('dialog').getByText('Go to Overview').waitFor();
        let pressed = () => {};
        const pressing = new Promise((resolve) => (pressed = resolve));
        await page.route('**/Dialogs-*.js', (route) => pressing.then(() => route.continue()));
        await page.route('**/OpenMenu-*.js', (route) => route.abort());
        await page.reload();
        await settled(page);
        // A menu that can't be fetched takes nothing else away.
        const account = page.getByRole('button', { name: 'Your account' });
        await account.click();
        await page.getByRole('alert').getByText('A part of the dashboard can’t be fetched').waitFor();
        await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
        await page.getByRole('alert').getByRole('button', { name: 'Close' }).click();
        await account.waitFor();
        // What is pressed before a dialog is there opens no second one, and goes nowhere.
        for (const key of ['?', '?', 'c']) await page.keyboard.press(key);
        pressed();
        await page.getByRole('dialog').getByText('Go to Overview').waitFor();
        assert.deepEqual([await page.getByRole('dialog').count(), new URL(page.url()).pathname], [1, '/admin/']);
      },
      { complains: (wrong) => /ShortcutSheet|OpenMenu/.test(wrong) },
    ));
});
