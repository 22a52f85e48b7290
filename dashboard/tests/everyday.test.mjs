// What an operator does every day: a module for a while and back to the plan, several customers at once, a key that may do little,
// colours that stay, the way back, figures that arrive by themselves, and a stream that is lost.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { refused, sql } from './admin.mjs';
import { launch, settled } from './browser.mjs';
import { send, user } from './clerk.mjs';
import { Session } from './operator.mjs';
import { asOwner, newCustomer, signedIn, until, url } from './system.mjs';
import { visit } from './visit.mjs';

const CUSTOMER = 'weekday';
const PASSWORD = 'quarry lantern fjord mittens';

describe('every day', () => {
  let browser;
  let session;
  let account;
  let key;

  before(async () => {
    browser = await launch();
    ({ session, account } = await signedIn('everyday@example.org', ['owner']));
    key = await newCustomer(CUSTOMER, 'starter');
    await newCustomer('weekday-two', 'starter');
  });

  after(() => browser?.close());

  const at = (path, act, options) => visit(browser, session.cookie, path, act, options);
  const ask = (path, shown = key, options = {}) => fetch(url + path, { ...options, headers: { Authorization: `Bearer ${shown}` } });
  const dialog = (page) => page.getByRole('dialog').last();
  const rowOf = (page, listing, name) => page.getByRole('region', { name: listing }).getByRole('row').filter({ hasText: name });
  const isOn = async (module, customer = CUSTOMER) => (await asOwner('GET', `/api/admin/customers/${customer}/modules`)).data.find(({ module_key: key }) => key === module);

  test('a module is on for a while, says until when and why, and goes back to the plan', () =>
    at(`/customers/${CUSTOMER}/modules`, async (page) => {
      const row = rowOf(page, 'Modules, one a line', 'Workflow Automation');
      await row.getByRole('switch').locator('xpath=ancestor::label | ..').first().click();
      // The API takes no line breaks there: those that are pasted, and Enter, are blanks.
      const reason = dialog(page).getByLabel('Reason');
      await reason.fill('a fortnight\nto try it');
      await reason.press('Enter');
      assert.equal(await reason.inputValue(), 'a fortnight to try it ');
      await dialog(page).getByLabel('Until').fill('2020-01-01T00:00');
      await dialog(page).getByRole('button', { name: 'Turn on' }).click();
      await dialog(page).getByText('must be later than now').waitFor();
      const end = new Date(Date.now() + 14 * 86_400_000).toISOString().slice(0, 16);
      await dialog(page).getByLabel('Until').fill(end);
      await dialog(page).getByRole('button', { name: 'Turn on' }).click();
      await dialog(page).waitFor({ state: 'hidden' });
      // On a narrow window it stands elsewhere in the row.
      await row.getByText('a fortnight to try it').filter({ visible: true }).waitFor();
      await row.getByText(/^Decided for this customer, until/).filter({ visible: true }).waitFor();
      const held = await isOn('workflow_automation');
      assert.deepEqual([held.enabled, held.source, new Date(held.expires_at).toISOString().slice(0, 16)], [true, 'override', end]);
      await until('it is on', async () => (await ask('/api/v1/workflows')).status === 200);
      await page.getByRole('button', { name: 'More of Workflow Automation' }).click();
      await page.getByRole('menuitem', { name: 'Back to what the plan says' }).click();
      await dialog(page).getByRole('button', { name: 'Back to the plan' }).click();
      await dialog(page).waitFor({ state: 'hidden' });
      await row.getByText('a fortnight to try it').first().waitFor({ state: 'detached' });
      assert.equal((await isOn('workflow_automation')).source, 'plan');
      await until('it is off', async () => (await ask('/api/v1/workflows')).status === 403);
    }));

  test('several customers get a module, and a backup, at once', () =>
    at('/customers?q=weekday', async (page) => {
      const all = page.getByLabel('Select all rows of this page');
      await all.check();
      await page.getByRole('button', { name: /^Turn a module/ }).click();
      await dialog(page).getByRole('combobox', { name: 'Module' }).fill('Workflow');
      await page.getByRole('option', { name: 'Workflow Automation' }).click();
      await dialog(page).getByRole('button', { name: 'Turn it on' }).click();
      await dialog(page).getByText('2 changed').waitFor({ timeout: 20_000 });
      await dialog(page).getByRole('button', { name: 'Done' }).click();
      for (const customer of [CUSTOMER, 'weekday-two']) assert.equal((await isOn('workflow_automation', customer)).enabled, true);
      await all.check();
      await page.getByRole('button', { name: /^Ask for backups/ }).click();
      await dialog(page).getByRole('button', { name: 'Ask for backups' }).click();
      await dialog(page).getByText('2 asked for').waitFor({ timeout: 20_000 });
      await dialog(page).getByRole('button', { name: 'Done' }).click();
      const saved = async (customer) => (await asOwner('GET', `/api/admin/customers/${customer}/backups`)).data.some(({ status }) => status === 'succeeded');
      await until('both are saved', async () => (await saved(CUSTOMER)) && saved('weekday-two'), 60_000);
    }));

  test('a key with few permissions and a limit does what was chosen, and no more', async () => {
    let shown;
    await at(`/customers/${CUSTOMER}/keys?act=key`, async (page) => {
      await dialog(page).getByLabel('Name').fill('reads contacts');
      await dialog(page).getByRole('combobox', { name: 'May do' }).click();
      await page.getByRole('option', { name: 'Chosen' }).click();
      await dialog(page).getByLabel('Permissions').pressSequentially('read:contacts,');
      await dialog(page).getByLabel('Limit').fill('3');
      await dialog(page).getByRole('combobox', { name: 'Period' }).click();
      await page.getByRole('option', { name: 'month' }).click();
      await dialog(page).getByRole('button', { name: 'Make the key' }).click();
      shown = await dialog(page).locator('code').filter({ hasText: /^sk_/ }).first().textContent();
      await dialog(page).getByRole('button', { name: 'Copy the API key' }).click();
      await dialog(page).getByRole('button', { name: 'Done' }).click();
      await rowOf(page, 'Table of the API keys', 'reads contacts').getByText('read:contacts').first().waitFor();
    });
    const { data } = await asOwner('GET', `/api/admin/customers/${CUSTOMER}/api-keys`);
    const made = data.find(({ name }) => name === 'reads contacts');
    assert.deepEqual([made.permissions, made.rate_limit_requests, made.rate_limit_period], [['read:contacts'], 3, 'month']);
    assert.equal((await ask('/api/v1/deals', shown)).status, 403);
    await until('the limit is reached', async () => (await ask('/api/v1/contacts', shown)).status === 429);
  });

  test('an operator has tokens, sessions and a password of their own', async () => {
    const { recovery_codes: codes } = await session.ask('POST', '/api/admin/session/recovery-codes');
    const away = new Session(url, { agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0' });
    const signIn = (password, code) => away.ask('POST', '/api/admin/session', { email: account.email, password, code, keep: 'cookie' });
    await signIn(PASSWORD, codes[0]);
    await at('/settings/account', async (page) => {
      await page.getByRole('button', { name: 'New token' }).click();
      await dialog(page).getByLabel('Name').fill('report');
      await dialog(page).getByRole('button', { name: 'Everything that only reads' }).click();
      await dialog(page).getByRole('button', { name: 'Make the token' }).click();
      const token = await dialog(page).locator('code').first().textContent();
      const asProgram = (method, path, body) => fetch(url + path, { method, body, headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' } });
      assert.equal((await asProgram('GET', '/api/admin/customers')).status, 200);
      assert.equal((await asProgram('POST', `/api/admin/customers/${CUSTOMER}/suspend`, '{}')).status, 403);
      await dialog(page).getByRole('checkbox').check();
      await dialog(page).getByRole('button', { name: 'Done' }).click();
      const tokens = page.getByRole('region', { name: 'List of your API tokens' });
      await tokens.getByRole('button', { name: 'Revoke report' }).click();
      await dialog(page).getByRole('button', { name: 'Revoke', exact: true }).click();
      await tokens.getByText('Revoked').waitFor();
      assert.equal((await asProgram('GET', '/api/admin/customers')).status, 401);

      const sessions = page.getByRole('region', { name: 'List of your sessions' });
      await sessions.getByText('This one').waitFor();
      await sessions.getByRole('button', { name: 'End the session of Firefox on Linux' }).click();
      await sessions.getByText('Firefox on Linux').waitFor({ state: 'detached' });
      await assert.rejects(away.ask('GET', '/api/admin/customers'), /: 401 /);

      await page.getByLabel('The present password').fill(PASSWORD);
      await page.getByLabel('The new password').fill('another lantern, another fjord');
      await page.getByRole('button', { name: 'Change the password' }).click();
      await page.getByText('The password is changed').waitFor();
    });
    await assert.rejects(signIn(PASSWORD, codes[1]), /: 401 /);
    await signIn('another lantern, another fjord', codes[2]);
  });

  test('colours that were chosen stay, and the way back leads where one was', () =>
    at('/customers?q=weekday&sort=customer_id', async (page) => {
      const scheme = () => page.locator('html').getAttribute('data-mantine-color-scheme');
      await page.getByRole('button', { name: 'Show in dark colours' }).click();
      assert.equal(await scheme(), 'dark');
      await page.reload();
      await settled(page);
      assert.equal(await scheme(), 'dark');
      await page.getByRole('button', { name: 'Show in light colours' }).click();
      // So do exact times.
      const time = page.locator('main time').first();
      assert.match(await time.textContent(), /ago|now/);
      const toggle = async () => {
        await page.getByRole('button', { name: 'Your account' }).click();
        await page.getByRole('menuitemcheckbox', { name: 'Times to the second' }).click();
        await page.keyboard.press('Escape');
      };
      await toggle();
      assert.match(await time.textContent(), /^\d\d \w+ 20\d\d, \d\d:\d\d:\d\d UTC$/);
      await page.reload();
      await settled(page);
      assert.match(await time.textContent(), / UTC$/);
      await toggle();
      assert.match(await time.textContent(), /ago|now/);
      await page.getByRole('link', { name: 'weekday-two GmbH' }).first().click();
      await page.getByRole('heading', { name: 'weekday-two GmbH', level: 1 }).waitFor();
      await page.getByRole('navigation', { name: /^Parts of/ }).getByRole('link', { name: 'API keys' }).click();
      await page.waitForURL('**/keys');
      await page.goBack();
      await page.waitForURL('**/customers/weekday-two');
      await page.goBack();
      await page.waitForURL(/\/customers\?.*q=weekday/);
      await settled(page);
      assert.equal(await page.locator('main input[data-filter]').inputValue(), 'weekday');
      assert.equal(await page.getByRole('region', { name: 'Customers', exact: true }).locator('tbody tr').count(), 2);
    }));

  test('usage arrives on the overview by itself', () =>
    at('/?range=1h', async (page) => {
      const figure = async () => Number((await page.locator('dl div').filter({ hasText: /^Requests/ }).locator('dd').first().textContent()).replaceAll(/\D/g, ''));
      await page.locator('header').getByText('Live', { exact: true }).waitFor();
      await page.evaluate(() => (window.wasNotReloaded = true));
      const before = await figure();
      for (let call = 0; call < 6; call += 1) await ask('/api/v1/contacts');
      await until('they are on the page', async () => (await figure()) >= before + 6);
      assert.ok(await page.evaluate(() => window.wasNotReloaded));
    }));

  test('a stream that is lost is said to be lost, and is live again when it is back', () =>
    at(
      '/customers?q=weekday',
      async (page) => {
        const mark = page.locator('header').getByRole('status');
        await mark.getByText('Live', { exact: true }).waitFor();
        await page.route('**/api/admin/events', (route) => route.abort('connectionrefused'));
        // As when the page is seen again: the stream is opened anew.
        await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
        await mark.getByText('Not live', { exact: true }).waitFor();
        await asOwner('PATCH', '/api/admin/customers/weekday-two', { company_name: 'Weekday Afterwards' });
        await page.unroute('**/api/admin/events');
        await mark.getByText('Live', { exact: true }).waitFor({ timeout: 30_000 });
        // What happened meanwhile is asked for.
        await page.getByText('Weekday Afterwards').first().waitFor();
      },
      { complains: (wrong) => /events/.test(wrong) },
    ));

  test('a message of Clerk that failed is done once more, and succeeds', async () => {
    // One attempt in the place of ten, for this message alone.
    await sql(
      `create function test_once() returns trigger language plpgsql as $$ begin new.max_attempts := 1; return new; end $$;
       create trigger test_once before insert on admin_jobs for each row when (new.payload::text like '%msg_everyday%') execute function test_once()`,
    );
    const allow = await refused('admin_clerk_users', 'before insert', "new.clerk_user_id = 'user_everyday'");
    try {
      await send('msg_everyday', 'user.created', user('user_everyday', 'Day'));
      await until('it failed', async () => (await asOwner('GET', '/api/admin/clerk/messages/msg_everyday')).status === 'failed', 60_000);
    } finally {
      await allow();
      await sql('drop function test_once() cascade');
    }
    await at('/settings/clerk?message=msg_everyday', async (page) => {
      await dialog(page).getByText('Failed').first().waitFor();
      await dialog(page).getByRole('button', { name: 'Do it once more' }).click();
      await page.getByText('It is done once more').waitFor();
      await dialog(page).getByText('Processed').first().waitFor();
    });
  });

  test('a listing that is longer than a page would be complained of', async () => {
    const found = [];
    await at(
      '/settings/account',
      async (page) => {
        await page.route('**/api/admin/tokens', (route) => route.fulfill({ json: { data: Array.from({ length: 201 }, () => null) } }));
        await page.evaluate(() => fetch('/api/admin/tokens').then((answer) => answer.text()));
      },
      { complains: (wrong) => found.push(wrong) > 0 },
    );
    assert.match(found.join('\n'), /^201 rows in one answer: .*\/api\/admin\/tokens$/);
  });
});
