// What people get used to: the palette, the keyboard, charts that lead on, changes that are asked for in writing, links that
// show what their sender saw, and a page that stays when a part of it breaks.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, settled, violations } from './browser.mjs';
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
      await chart.focus();
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      await page.waitForURL((address) => address.pathname === '/admin/usage' && address.searchParams.get('customer') === CUSTOMER && address.searchParams.has('from'));
      await page.getByRole('heading', { name: 'Single requests' }).waitFor();
    }));

  test('rows of every listing are gone through by keyboard', () =>
    at('/operations', async (page) => {
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
  });

  test('a dialog that breaks says so, and the page behind it stays', () =>
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
      },
      { complains: (wrong) => /ShortcutSheet/.test(wrong) },
    ));
});
