// One customer's page: what only it has. Limits, how a key fared and what another limit had refused, the read-only URL, acting in
// their place, and their end.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { complaints, goTo, launch, picture, settled } from './browser.mjs';
import { asOwner, newCustomer, signedIn, until, url } from './system.mjs';
import { visit } from './visit.mjs';

const CUSTOMER = 'pier-nine';
const LIMITS = `/api/admin/customers/${CUSTOMER}/limits`;

describe('one customer', () => {
  let browser;
  let session;
  let key;

  before(async () => {
    browser = await launch();
    ({ session } = await signedIn('one@example.org', ['owner']));
    key = await newCustomer(CUSTOMER, 'pro');
    await newCustomer('pier-ten', 'pro');
  });

  after(() => browser?.close());

  const at = (path, act, options) => visit(browser, session.cookie, `/customers/${CUSTOMER}${path}`, act, options);
  const ask = (path, shown = key, options = {}) => fetch(url + path, { ...options, headers: { Authorization: `Bearer ${shown}` } });
  const dialog = (page) => page.getByRole('dialog').last();

  test('has a limit of their own, from the palette on, that holds at once and nobody else’s', async () => {
    await at('', async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByPlaceholder('A customer, key, page or action').fill(`${CUSTOMER}: set a limit`);
      await page.getByText(`${CUSTOMER}: Set a limit`).waitFor();
      await page.keyboard.press('Enter');
      await dialog(page).getByLabel('Route').fill('GET /api/v1/contacts');
      await dialog(page).getByLabel('Requests', { exact: true }).fill('2');
      await dialog(page).getByRole('combobox', { name: 'In a' }).click();
      await page.getByRole('option', { name: 'month' }).click();
      await dialog(page).getByLabel('Reason').fill('a runaway script');
      await dialog(page).getByRole('button', { name: 'Set the limit' }).click();
      await dialog(page).waitFor({ state: 'hidden' });
      const listing = page.getByRole('region', { name: 'Limits, one a line' });
      await listing.getByText('a runaway script').waitFor();
      assert.ok((await listing.innerText()).includes('2 requests a month'));
    });
    await until('the limit holds', async () => (await ask('/api/v1/contacts')).status === 429);
    assert.equal((await ask('/api/v1/deals')).status, 200);
    assert.deepEqual((await asOwner('GET', '/api/admin/customers/pier-ten/limits')).data, []);
    // A route that there isn't is refused where it was typed.
    await at(
      '/limits?act=limit',
      async (page) => {
        await dialog(page).getByLabel('Route').fill('GET /nowhere');
        await page.keyboard.press('Escape');
        await dialog(page).getByRole('button', { name: 'Set the limit' }).click();
        await dialog(page).getByText(/must be a route of the customer API/).waitFor();
        assert.deepEqual(await complaints(page), []);
      },
      { complains: (wrong) => /400/.test(wrong) },
    );
  });

  test('is among those who have limits of their own, and loses it there', async () => {
    const act = async (page) => {
      await page.getByRole('button', { name: 'Set a limit' }).click();
      const whose = dialog(page).getByLabel('Customer');
      await whose.fill('pier-eleven');
      await dialog(page).getByText('Without limit').click();
      await dialog(page).getByRole('button', { name: 'Set the limit' }).click();
      await dialog(page).getByText('is not a customer’s UUID or customerId').waitFor();
      assert.equal(await whose.evaluate((field) => field === document.activeElement), true);
      assert.equal(await dialog(page).getByRole('alert').count(), 0);
      await whose.fill('pier-ten');
      await dialog(page).getByRole('button', { name: 'Set the limit' }).click();
      await dialog(page).waitFor({ state: 'hidden' });
      const listing = page.getByRole('region', { name: 'Limits of single customers, one a line' });
      await listing.getByRole('row').filter({ hasText: 'pier-ten' }).getByText('Without limit').waitFor();
      // One that is there already isn't replaced without a word.
      await page.getByRole('button', { name: 'Set a limit' }).click();
      await whose.fill('pier-ten');
      const requests = dialog(page).getByRole('textbox', { name: 'Requests', exact: true });
      await requests.fill('5000');
      await dialog(page).getByRole('button', { name: 'Set the limit' }).click();
      await dialog(page).getByText('pier-ten has a limit over all routes already').waitFor();
      assert.deepEqual(await complaints(page), []);
      assert.deepEqual([await whose.inputValue(), await requests.inputValue()], ['pier-ten', '5,000']);
      assert.equal((await asOwner('GET', '/api/admin/customers/pier-ten/limits')).data[0].requests, null);
      await dialog(page).getByRole('button', { name: 'Replace it' }).click();
      await dialog(page).waitFor({ state: 'hidden' });
      await listing.getByRole('row').filter({ hasText: 'pier-ten' }).getByText('5,000 requests a minute').waitFor();
      await listing.getByRole('button', { name: `Take the limit of ${CUSTOMER} on GET /api/v1/contacts away` }).click();
      await dialog(page).getByRole('button', { name: 'Take it away' }).click();
      await listing.getByText('GET /api/v1/contacts').waitFor({ state: 'detached' });
    };
    await visit(browser, session.cookie, '/settings/limits', act, { complains: (wrong) => /404/.test(wrong) });
    assert.deepEqual((await asOwner('GET', LIMITS)).data, []);
    await until('the limit is gone', async () => (await ask('/api/v1/contacts')).status === 200);
  });

  test('has keys that tell how they fared, and what another limit would have refused', async () => {
    for (let call = 0; call < 6; call += 1) await ask('/api/v1/deals');
    const [made] = (await asOwner('GET', `/api/admin/customers/${CUSTOMER}/api-keys`)).data;
    await until('the requests are counted', async () => (await asOwner('GET', `/api/admin/usage?customer=${CUSTOMER}`)).total.requests >= 8);
    await at(`/keys?key=${made.id}`, async (page) => {
      const drawer = dialog(page);
      const outcomes = drawer.getByRole('list', { name: 'Verifications by outcome' });
      await outcomes.getByText('Let in and answered').waitFor();
      await outcomes.getByText('Quota exceeded').waitFor();
      const trial = drawer.getByRole('region', { name: 'What would another limit have refused?' });
      await trial.getByLabel('Requests').fill('1');
      await trial.getByRole('button', { name: 'Try' }).click();
      await trial.getByText(/would have been refused/).waitFor();
      await picture(page, 'customer-key');
      assert.deepEqual(await complaints(page), []);
      // Until another one is counted, nothing is told of it.
      let count = () => {};
      const counted = new Promise((resolve) => (count = resolve));
      // The one of before may be asked for again meanwhile.
      const ofTwo = (address) => address.pathname.endsWith('/limit-simulation') && address.searchParams.get('requests') === '2';
      await page.route(ofTwo, (route) => counted.then(() => route.continue()).catch(() => {}));
      await trial.getByRole('textbox', { name: 'Requests', exact: true }).fill('2');
      await trial.getByRole('button', { name: 'Try' }).click();
      await trial.getByText(/^Counting what 2 a month/).waitFor();
      assert.equal(await trial.getByText(/would have been refused/).count(), 0);
      count();
      await trial.getByText(/^With 2 a month/).waitFor();
      // From an outcome to the requests behind it.
      await outcomes.getByRole('link', { name: 'Quota exceeded' }).click();
      await page.waitForURL((address) => address.pathname === '/admin/usage' && address.searchParams.get('outcome') === 'quota-exceeded');
      const requests = page.getByRole('region', { name: 'List of single requests' });
      await requests.getByText('429').first().waitFor();
    });
  });

  test('has a key for some networks and permissions that ends, though its first answer was lost, and is revoked in writing', async () => {
    let shown;
    const named = async () => (await asOwner('GET', `/api/admin/customers/${CUSTOMER}/api-keys`)).data.filter(({ name }) => name === 'only from here').length;
    const act = async (page) => {
      // The server takes it, and its answer gets lost on the way.
      await page.route('**/api-keys', (route) => route.fetch().then(() => route.abort()), { times: 1 });
      await dialog(page).getByLabel('Name').fill('only from here');
      await dialog(page).getByRole('combobox', { name: 'May do' }).click();
      await page.getByRole('option', { name: 'Only read' }).click();
      await dialog(page).getByLabel('From these networks').pressSequentially('192.0.2.0/24,');
      await dialog(page).getByRole('combobox', { name: 'Ends' }).click();
      await page.getByRole('option', { name: 'In 30 days' }).click();
      await dialog(page).getByRole('button', { name: 'Make the key' }).click();
      await dialog(page).getByRole('alert').getByText(/may have been made all the same/).waitFor();
      assert.equal(await named(), 1);
      // Once more is the same key, not another one.
      await dialog(page).getByRole('button', { name: 'Make the key' }).click();
      await dialog(page).getByRole('button', { name: 'Copy the API key' }).click();
      assert.equal(await named(), 1);
      shown = await (await page.waitForFunction(async () => {
        const text = await navigator.clipboard.readText();
        return text.startsWith('sk_') && text;
      })).jsonValue();
      await dialog(page).getByRole('button', { name: 'Done' }).click();
      assert.equal((await ask('/api/v1/contacts', shown)).status, 403);
      await page.getByRole('button', { name: 'What to do with only from here' }).click();
      await page.getByRole('menuitem', { name: 'Revoke' }).click();
      assert.ok(await dialog(page).getByRole('button', { name: 'Revoke the key' }).isDisabled());
      await dialog(page).getByLabel(/^Type/).fill(shown.slice(0, 11));
      await dialog(page).getByRole('button', { name: 'Revoke the key' }).click();
      await page.getByRole('region', { name: 'Table of the API keys' }).getByText('Revoked').waitFor();
    };
    await at('/keys?act=key', act, { complains: (wrong) => /ERR_FAILED/.test(wrong) });
    await until('the key opens nothing', async () => (await ask('/api/v1/contacts', shown)).status === 401);
  });

  test('has a read-only URL that is shown, copied and hidden again', () =>
    at('/database', async (page) => {
      await page.getByRole('button', { name: 'Show the URL' }).click();
      await dialog(page).getByRole('button', { name: 'Show it' }).click();
      await dialog(page).waitFor({ state: 'hidden' });
      await page.getByRole('button', { name: 'Copy the URL' }).click();
      const copied = await (await page.waitForFunction(async () => {
        const text = await navigator.clipboard.readText();
        return text.startsWith('postgresql://') && text;
      })).jsonValue();
      assert.match(copied, /readonly/);
      assert.deepEqual(await complaints(page), []);
      await page.getByRole('button', { name: 'Hide it' }).click();
      assert.ok(!(await page.content()).includes(copied));
    }));

  test('has operators who act in their place under a banner, on every page, until they end it', async () => {
    let shown;
    await at('/impersonation?act=impersonate', async (page) => {
      await dialog(page).getByLabel('Reason').fill('Ticket 812: a deal is missing');
      await dialog(page).getByRole('button', { name: 'Begin' }).click();
      await dialog(page).getByRole('button', { name: 'Copy the key' }).click();
      shown = await (await page.waitForFunction(async () => {
        const text = await navigator.clipboard.readText();
        return text.startsWith('sk_') && text;
      })).jsonValue();
      await dialog(page).getByRole('button', { name: 'I have taken the key' }).click();
      assert.equal((await ask('/api/v1/deals', shown)).status, 200);
      await page.getByRole('link', { name: 'Overview' }).first().click();
      const banner = page.getByRole('region', { name: `Impersonation of ${CUSTOMER} GmbH` });
      await banner.getByText('Ticket 812').waitFor();
      await picture(page, 'customer-impersonated');
      assert.deepEqual(await complaints(page), []);
      await banner.getByRole('button').click();
      await banner.waitFor({ state: 'detached' });
    });
    await until('the key opens nothing', async () => (await ask('/api/v1/deals', shown)).status === 401);
  });

  test('has an end, that is asked for in writing and watched, and stays written down', () =>
    visit(
      browser,
      session.cookie,
      '/customers/pier-ten?act=delete',
      async (page) => {
        const act = dialog(page).getByRole('button', { name: 'Delete for good' });
        assert.ok(await act.isDisabled());
        await dialog(page).getByLabel(/^Type/).fill('pier-ten');
        await act.click();
        await page.getByText('The customer was deleted. What was done stays written down.').waitFor({ timeout: 60_000 });
        await picture(page, 'customer-gone');
        assert.deepEqual(await complaints(page), []);
        // Nobody else is called so, and the form of a sign-up says it before it is sent.
        await goTo(page, '/customers/new');
        await page.getByLabel('Customer id').fill('pier-ten');
        await page.getByText('is taken, by a customer who was deleted').waitFor();
        // The page asks for a customer who isn't there any more.
      },
      { complains: (wrong) => /404/.test(wrong) },
    ));

  test('has an audit log whose rows stand side by side, whose chain is proved, and which is exported', () =>
    visit(browser, session.cookie, `/audit?customer=${CUSTOMER}&resource_type=customer_limit`, async (page) => {
      await page.getByRole('region', { name: 'Rows of the audit log' }).getByRole('link').first().click();
      const values = dialog(page).getByRole('table', { name: 'Old and new values' });
      await values.getByRole('row').filter({ hasText: 'requests' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Prove a chain' }).click();
      await dialog(page).getByRole('button', { name: 'Prove the customer’s chain' }).click();
      await dialog(page).getByText(/is intact$/).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Export' }).click();
      const download = page.waitForEvent('download');
      await page.getByRole('menuitem', { name: 'CSV, for spreadsheets' }).click();
      assert.equal((await download).suggestedFilename(), 'audit-log.csv');
    }));

  test('has an audit log whose rows are found by words in them, and that says where it looked for words that aren’t there', () =>
    visit(browser, session.cookie, '/audit', async (page) => {
      const words = page.getByRole('search', { name: 'Search the audit log' }).getByLabel('Words');
      const found = page.getByRole('region', { name: 'Rows of the audit log' });
      await words.fill('RUNAWAY limit');
      await page.waitForURL((address) => address.searchParams.get('q') === 'RUNAWAY limit');
      await settled(page);
      // Set, and taken away again.
      assert.equal(await found.locator('tbody tr').count(), 2);
      await found.getByRole('link', { name: 'Customer updated' }).last().click();
      await dialog(page).getByText('a runaway script').first().waitFor();
      await page.keyboard.press('Escape');
      await words.fill('runaway unicorn');
      await page.getByText('Nothing that was done in this time has all these words').waitFor();
      await picture(page, 'customer-audit-no-words');
      assert.deepEqual(await complaints(page), []);
      await page.getByRole('button', { name: 'Show all' }).click();
      await found.locator('tbody tr').nth(3).waitFor();
      assert.equal(await words.inputValue(), '');
    }));

  test('has usage that is read as a table, and movers that lead on', () =>
    visit(browser, session.cookie, `/usage?customer=${CUSTOMER}&range=1h&by=status`, async (page) => {
      await page.getByRole('radiogroup', { name: 'How to show: Requests' }).getByText('Table').click();
      const table = page.getByRole('region', { name: 'Requests, as a table' });
      await table.getByRole('columnheader', { name: /^Time \(UTC\)/ }).waitFor();
      await table.getByRole('columnheader', { name: /429/ }).first().waitFor();
      assert.deepEqual(await complaints(page), []);
      await page.getByRole('region', { name: 'Top movers' }).getByRole('link').first().click();
      await page.waitForURL(/by=route/);
    }));
});
