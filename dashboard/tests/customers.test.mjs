// The table of customers: views that are kept, columns, order, CSV, several customers at once; and the way to any of them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { complaints, goTo, launch, picture, settled } from './browser.mjs';
import { asOwner, newCustomer, signedIn } from './system.mjs';
import { visit } from './visit.mjs';

const MANY = ['table-anchor', 'table-buoy', 'table-cutter'];

describe('the table of customers', () => {
  let browser;
  let session;

  before(async () => {
    browser = await launch();
    ({ session } = await signedIn('table@example.org', ['owner']));
    for (const customer of MANY) await newCustomer(customer, 'starter');
    // One has more of something than the others: it comes first.
    await asOwner('POST', '/api/admin/customers/table-buoy/api-keys', { name: 'the second' });
  });

  after(() => browser?.close());

  const at = (path, act, options) => visit(browser, session.cookie, path, act, options);
  const rows = (page) => page.getByRole('region', { name: 'Customers', exact: true }).locator('tbody tr');

  test('a view is kept, shown again, shared and deleted', () =>
    at('/customers?q=table-&plan=starter&sort=customer_id', async (page) => {
      await page.getByRole('button', { name: /^Keep this view/ }).click();
      await page.getByRole('dialog').getByLabel('Name').fill('Tables');
      await page.getByRole('dialog').getByRole('button', { name: 'Keep it' }).click();
      const views = page.getByRole('navigation', { name: 'Views' });
      await views.getByRole('link', { name: 'All' }).click();
      await views.getByRole('link', { name: 'Tables' }).click();
      await page.waitForURL(/plan=starter/);
      await settled(page);
      assert.equal(await rows(page).count(), MANY.length);
      await views.getByRole('button').first().click();
      await page.getByRole('menuitem', { name: 'Show it to all operators' }).click();
      await views.getByText('shared').waitFor();
      await views.getByRole('button').first().click();
      await page.getByRole('menuitem', { name: 'Delete…' }).click();
      await page.getByRole('dialog').getByRole('button', { name: /delete/i }).click();
      await views.getByRole('link', { name: 'Tables' }).waitFor({ state: 'detached' });
    }));

  test('columns are chosen, and stay chosen', () =>
    at('/customers', async (page) => {
      await page.getByRole('button', { name: 'Columns', exact: true }).click();
      const offered = page.getByRole('dialog').getByRole('checkbox');
      const unchecked = await offered.evaluateAll((boxes) => boxes.findIndex((box) => !box.checked));
      const box = offered.nth(unchecked);
      const name = await box.evaluate((input) => input.labels[0].textContent);
      await box.check();
      await page.keyboard.press('Escape');
      await page.getByRole('columnheader', { name }).waitFor();
      await page.reload();
      await settled(page);
      await page.getByRole('columnheader', { name }).waitFor();
      await page.getByRole('button', { name: 'Columns', exact: true }).click();
      await page.getByRole('button', { name: 'As they were' }).click();
      await page.getByRole('columnheader', { name }).waitFor({ state: 'detached' });
    }));

  test('the server sorts and searches, and the CSV has what is shown', () =>
    at('/customers?q=table-', async (page) => {
      const first = () => rows(page).first().getByRole('link').first().textContent();
      await page.getByRole('columnheader', { name: /customer|company/i }).getByRole('button').first().click();
      await page.waitForURL(/sort=/);
      await settled(page);
      const one = await first();
      await page.getByRole('columnheader', { name: /customer|company/i }).getByRole('button').first().click();
      await page.waitForFunction((before) => !document.querySelector('tbody tr a')?.textContent.includes(before), one);
      assert.deepEqual([one, await first()].map((name) => MANY.some((customer) => name.includes(customer))), [true, true]);
      // What is counted, the most first.
      for (const name of ['Modules on', 'API keys', 'Requests, 30 days']) {
        const header = page.getByRole('columnheader', { name });
        await header.getByRole('button').click();
        await page.waitForFunction((wanted) => document.querySelector('th[aria-sort="descending"]')?.textContent === wanted, name);
        await settled(page);
        const place = await header.evaluate((cell) => cell.cellIndex);
        const figures = (await rows(page).evaluateAll((all, at) => all.map((row) => row.cells[at].textContent), place)).map((text) => Number(text.replaceAll(',', '')));
        assert.deepEqual(figures, figures.toSorted((one, other) => other - one), name);
        assert.equal(figures.length, MANY.length, name);
        if (name === 'API keys') assert.match(await first(), /table-buoy/);
      }
      const download = page.waitForEvent('download');
      await page.getByRole('link', { name: 'CSV' }).click();
      const lines = readFileSync(await (await download).path(), 'utf8').trim().split(/\r?\n/);
      assert.equal(lines.length, MANY.length + 1);
      assert.ok(lines.slice(1).every((line) => line.includes('table-')), lines.join('\n'));
    }));

  test('several are suspended and resumed at once, and it is asked for in writing', () =>
    at('/customers?q=table-', async (page) => {
      await page.getByLabel('Select all rows of this page').check();
      await page.getByText(`${MANY.length} selected`).waitFor();
      await page.getByRole('button', { name: /^Suspend…/ }).click();
      const dialog = page.getByRole('dialog');
      const act = dialog.getByRole('button', { name: 'Suspend', exact: true });
      assert.ok(await act.isDisabled());
      await dialog.getByLabel('Reason').fill('the pier is closed');
      await dialog.getByLabel(/^Type/).fill('suspend');
      await act.click();
      await dialog.getByText(`${MANY.length} suspended`).waitFor({ timeout: 20_000 });
      await dialog.getByRole('button', { name: 'Done' }).click();
      const found = await asOwner('GET', '/api/admin/customers?q=table-&status=suspended');
      assert.deepEqual(found.data.map(({ suspension_reason: reason }) => reason), MANY.map(() => 'the pier is closed'));
      await page.getByLabel('Select all rows of this page').check();
      await page.getByRole('button', { name: /^Resume…/ }).click();
      await dialog.getByRole('button', { name: 'Resume', exact: true }).click();
      await dialog.getByText(`${MANY.length} resumed`).waitFor({ timeout: 20_000 });
      await dialog.getByRole('button', { name: 'Done' }).click();
      assert.equal((await asOwner('GET', '/api/admin/customers?q=table-&status=suspended')).data.length, 0);
    }));

  test('a row is selected by its name, and all that the filter finds, however many pages they are', () =>
    at('/customers?q=table-', async (page) => {
      await page.getByLabel('Select table-buoy GmbH', { exact: true }).check();
      await page.getByText('1 selected').waitFor();
      // Pages of two, as if there were hundreds.
      let held;
      await page.route('**/api/admin/customers?*', async (route) => {
        const address = new URL(route.request().url());
        if (address.searchParams.get('limit') !== '50') await held;
        address.searchParams.set('limit', '2');
        // Nobody waits any more for what was under way.
        await route.continue({ url: address.href }).catch(() => {});
      });
      await goTo(page, '/customers?q=table-&sort=customer_id');
      await settled(page);
      assert.equal(await rows(page).count(), 2);
      const all = page.getByRole('button', { name: `Select all ${MANY.length} that the filter finds` });
      assert.equal(await all.count(), 0);
      await page.getByLabel('Select all rows of this page').check();
      assert.deepEqual(await complaints(page), []);
      await all.click();
      await page.getByText(`${MANY.length} selected`).waitFor();
      await all.waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Select none' }).click();
      // Another filter ends it.
      let release;
      held = new Promise((go) => (release = go));
      await page.getByLabel('Select all rows of this page').check();
      await all.click();
      const bar = page.getByRole('group', { name: 'With the selected customers' });
      await bar.getByText(`0 of ${MANY.length} are found`).waitFor();
      await page.locator('main input[data-filter]').fill('table-cutter');
      await page.waitForURL(/q=table-cutter/);
      await settled(page);
      await bar.getByText('are found').waitFor({ state: 'detached' });
      release();
      assert.equal(await rows(page).count(), 1);
      await bar.getByText('2 selected').waitFor();
    }));

  test('columns have an order, which a link shows and a view keeps', () =>
    at('/customers?q=table-&columns=plan,status', async (page) => {
      const heads = async () => (await page.getByRole('columnheader').allInnerTexts()).map((text) => text.trim()).filter(Boolean);
      assert.deepEqual(await heads(), ['Customer', 'Plan', 'Status']);
      await page.getByRole('button', { name: 'Columns', exact: true }).click();
      assert.deepEqual(await complaints(page), []);
      await page.getByRole('button', { name: 'Show Status one place earlier' }).click();
      await page.waitForURL((address) => address.searchParams.get('columns') === 'status,plan');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: /^Keep this view/ }).click();
      await page.getByRole('dialog').getByLabel('Name').fill('Two columns');
      await page.getByRole('dialog').getByRole('button', { name: 'Keep it' }).click();
      const views = page.getByRole('navigation', { name: 'Views' });
      await views.getByRole('link', { name: 'Two columns' }).waitFor();
      // Another choice, and the view again.
      await page.getByRole('button', { name: 'Columns', exact: true }).click();
      await page.getByRole('button', { name: 'As they were' }).click();
      await page.keyboard.press('Escape');
      await views.getByRole('link', { name: 'All' }).click();
      await page.getByRole('columnheader', { name: 'API keys' }).waitFor();
      await views.getByRole('link', { name: 'Two columns' }).click();
      await page.getByRole('columnheader', { name: 'API keys' }).waitFor({ state: 'detached' });
      assert.deepEqual(await heads(), ['Customer', 'Status', 'Plan']);
    }));

  test('other columns leave the page of the listing that one is on', () =>
    at('/settings/account', async (page) => {
      // Pages of two, as if there were hundreds.
      await page.route('**/api/admin/customers?*', (route) => {
        const address = new URL(route.request().url());
        address.searchParams.set('limit', '2');
        return route.continue({ url: address.href });
      });
      await goTo(page, '/customers?q=table-&sort=customer_id&columns=plan,status');
      await settled(page);
      await page.getByRole('button', { name: 'Next' }).click();
      await page.waitForURL((address) => address.searchParams.has('page'));
      await page.waitForFunction((rows) => document.querySelectorAll('main tbody tr').length === rows, MANY.length - 2);
      await page.getByRole('button', { name: 'Columns', exact: true }).click();
      await page.getByRole('button', { name: 'Show Status one place earlier' }).click();
      await page.waitForURL((address) => address.searchParams.get('columns') === 'status,plan');
      await settled(page);
      assert.ok(new URL(page.url()).searchParams.has('page'));
      assert.equal(await rows(page).count(), MANY.length - 2);
    }));

  test('a sign-up is refused at its fields: by the form, and by the API, which knows who is there', () =>
    at(
      '/customers/new',
      async (page) => {
        const [id, email] = [page.getByLabel('Customer id'), page.getByLabel('E-mail')];
        const send = page.getByRole('button', { name: 'Sign up', exact: true });
        await page.getByLabel('Company').fill('Table Anchor');
        await email.fill('office@-anchor.example');
        await send.click();
        await page.getByText('must be an email address such as ada@example.com').waitFor();
        assert.equal(await email.getAttribute('aria-invalid'), 'true');
        assert.ok(await email.evaluate((input) => input === document.activeElement));
        await email.fill('office@anchor.example');
        const answered = page.waitForResponse((answer) => answer.request().method() === 'POST' && answer.url().endsWith('/api/admin/customers'));
        await send.click();
        assert.equal((await answered).status(), 409);
        await page.waitForFunction(() => document.activeElement?.getAttribute('aria-invalid') === 'true');
        assert.ok(await id.evaluate((input) => input === document.activeElement));
        assert.equal(await id.inputValue(), 'table-anchor');
        assert.equal(await email.getAttribute('aria-invalid'), null);
        await picture(page, 'customers-sign-up-refused');
        assert.deepEqual(await complaints(page), []);
      },
      { complains: (wrong) => /409/.test(wrong) },
    ));

  test('what only the API knows to be wrong is told at its field, which has the focus, and nothing that was typed is lost', async () => {
    await at(
      '/customers/table-anchor?act=edit',
      async (page) => {
        const dialog = page.getByRole('dialog').last();
        const field = (label) => dialog.getByLabel(label).and(page.locator('input'));
        const [industry, zone] = [field('Industry'), field('Time zone')];
        const save = dialog.getByRole('button', { name: 'Save' });
        await industry.fill('Anchors');
        await zone.fill('Mars/Olympus');
        const answered = page.waitForResponse((answer) => answer.request().method() === 'PATCH');
        await save.click();
        assert.equal((await answered).status(), 400);
        await dialog.getByText('must be an IANA time zone such as UTC or Europe/Berlin').waitFor();
        await page.waitForFunction(() => document.activeElement?.getAttribute('aria-invalid') === 'true');
        assert.ok(await zone.evaluate((input) => input === document.activeElement));
        const described = await zone.evaluate((input) => input.getAttribute('aria-describedby').split(' ').map((id) => document.getElementById(id)?.textContent).join());
        assert.match(described, /must be an IANA time zone/);
        assert.equal(await dialog.locator('[aria-invalid="true"]').count(), 1);
        assert.deepEqual([await industry.inputValue(), await zone.inputValue()], ['Anchors', 'Mars/Olympus']);
        await picture(page, 'customers-edit-refused');
        assert.deepEqual(await complaints(page), []);
        await zone.fill('Europe/Berlin');
        await page.getByRole('option', { name: 'Europe/Berlin' }).click();
        // Somebody else is sooner: it is told, taken over, and saved with what is written here.
        await asOwner('PATCH', '/api/admin/customers/table-anchor', { company_size: '40', industry: 'Chains' });
        await save.click();
        await dialog.getByText('Shown here as it is now: Company size.').waitFor();
        await dialog.getByText('Industry is now “Chains”: saving puts yours in its place.').waitFor();
        await dialog.getByText(/save again/).waitFor();
        assert.deepEqual([await industry.inputValue(), await zone.inputValue(), await field('Company size').inputValue()], ['Anchors', 'Europe/Berlin', '40']);
        await picture(page, 'customers-edit-overtaken');
        assert.deepEqual(await complaints(page), []);
        await save.click();
        await dialog.waitFor({ state: 'hidden' });
      },
      { complains: (wrong) => /400|412/.test(wrong) },
    );
    const { industry, timezone, company_size: size } = await asOwner('GET', '/api/admin/customers/table-anchor');
    assert.deepEqual([industry, timezone, size], ['Anchors', 'Europe/Berlin', '40']);
  });

  test('what is to be done with a customer is asked for from anywhere, by its words and their name', () =>
    at('/settings/health', async (page) => {
      const dialog = page.getByRole('dialog').last();
      const find = async (words, label) => {
        await page.keyboard.press('Control+k');
        await page.getByPlaceholder('A customer, key, page or action').fill(words);
        await page.getByText(label, { exact: true }).waitFor();
      };
      await find('suspend table-buoy', 'table-buoy: Suspend or resume');
      await picture(page, 'customers-palette-act');
      assert.deepEqual(await complaints(page), []);
      await page.keyboard.press('Enter');
      await dialog.getByRole('heading', { name: 'Suspend table-buoy GmbH?' }).waitFor();
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await find('turn a module off table-cutter', 'table-cutter: Turn a module on or off');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/customers/table-cutter/modules');
      await dialog.getByRole('button', { name: /^Turn .* on/ }).first().waitFor();
      assert.deepEqual(await complaints(page), []);
      await dialog.getByRole('button', { name: /^Turn .* on/, disabled: false }).first().click();
      await dialog.getByRole('region', { name: 'What the change does' }).waitFor();
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await find('back up table-cutter', 'table-cutter: Back up the database');
      await page.keyboard.press('Enter');
      await dialog.getByRole('button', { name: 'Back up now' }).waitFor();
      await dialog.getByRole('button', { name: 'Keep as it is' }).click();
      const download = page.waitForEvent('download');
      await find('export table-anchor', 'table-anchor: Export the audit log');
      await page.keyboard.press('Enter');
      assert.match(readFileSync(await (await download).path(), 'utf8'), /customer_suspended/);
    }));

  test('any customer is reached in two actions from anywhere: the palette, and the name', () =>
    at('/settings/health', async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByPlaceholder('A customer, key, page or action').fill('table-buoy');
      await page.getByText('table-buoy GmbH').first().waitFor();
      await page.keyboard.press('Enter');
      await page.waitForURL('**/customers/table-buoy');
      await page.getByRole('heading', { name: 'table-buoy GmbH', level: 1 }).waitFor();
    }));
});
