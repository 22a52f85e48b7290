// What is set for everybody: the price list, with what the API refuses of it; streams of the audit log, to an endpoint that really
// listens; where another operator is signed in, and which programs act for them; who holds master keys, and how old secrets are.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { sql } from './admin.mjs';
import { complaints, launch, picture, VIEWS } from './browser.mjs';
import { Session } from './operator.mjs';
import { asOwner, newCustomer, newOperator, signedIn, until, url } from './system.mjs';
import { visit } from './visit.mjs';

describe('what is set for everybody', () => {
  let browser;
  let session;

  before(async () => {
    browser = await launch();
    ({ session } = await signedIn('settings@example.org', ['owner']));
  });

  after(() => browser?.close());

  const at = (path, act, options) => visit(browser, session.cookie, `/settings${path}`, act, options);
  const dialog = (page) => page.getByRole('dialog').last();
  const rowOf = (page, listing, name) => page.getByRole('region', { name: listing }).getByRole('row').filter({ hasText: name });

  test('a price that the API refuses is told at its field, nothing that was typed is lost, and the next one holds', async () => {
    const PRICES = '/api/admin/modules';
    const module = (await asOwner('GET', PRICES)).data.at(-1);
    const listed = (page) => rowOf(page, 'Modules and their prices', module.module_key);
    await at(
      '/modules',
      async (page) => {
        await page.getByRole('button', { name: `Change ${module.name}` }).click();
        const monthly = dialog(page).getByLabel('A month, USD');
        const yearly = dialog(page).getByLabel('A year, USD');
        const save = dialog(page).getByRole('button', { name: 'Save' });
        // What the page itself knows to be no price isn't sent.
        await monthly.fill('12,5');
        await save.click();
        await dialog(page).getByText('must be an amount such as 59.99').waitFor();
        await monthly.fill('34.5');
        await yearly.fill('345');
        // What the page lets pass and the API doesn't: on its way, the price becomes one.
        await page.route(`**${PRICES}/*`, (route) => route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), base_price_monthly: '34,5' }) }), { times: 1 });
        await save.click();
        await dialog(page).getByText(/^must be a price in US dollars/).waitFor();
        assert.equal(await monthly.getAttribute('aria-invalid'), 'true');
        assert.equal(await yearly.getAttribute('aria-invalid'), null);
        assert.ok(await monthly.evaluate((input) => input === document.activeElement));
        assert.deepEqual([await monthly.inputValue(), await yearly.inputValue()], ['34.5', '345']);
        assert.match(await listed(page).innerText(), new RegExp(`\\$${module.base_price_monthly} USD`));
        await picture(page, 'settings-price-refused');
        assert.deepEqual(await complaints(page), []);
        await save.click();
        await dialog(page).waitFor({ state: 'hidden' });
        await listed(page).getByText('$34.50 USD').waitFor();
        await listed(page).getByText('$345.00 USD').waitFor();
      },
      { complains: (wrong) => /400/.test(wrong) },
    );
    const { base_price_monthly, base_price_annual } = module;
    const now = await asOwner('PATCH', `${PRICES}/${module.module_key}`, { base_price_monthly, base_price_annual });
    assert.deepEqual(now, module);
  });

  test('a module that everybody has stays on sale, and the dialog says why', () =>
    at(
      '/modules',
      async (page) => {
        await page.getByRole('button', { name: 'Change CRM Core' }).click();
        await dialog(page).getByLabel('A month, USD').fill('1');
        await dialog(page).getByLabel('On sale').uncheck();
        const act = dialog(page).getByRole('button', { name: 'Take it off sale' });
        assert.ok(await act.isDisabled());
        await dialog(page).getByLabel(/^Type/).fill('crm_core');
        await act.click();
        await dialog(page).getByRole('alert').getByText(/can't be taken off sale: every customer has it/).waitFor();
        assert.equal(await dialog(page).getByLabel('A month, USD').inputValue(), '1');
        assert.deepEqual(await complaints(page), []);
        await dialog(page).getByRole('button', { name: 'Cancel' }).click();
        await rowOf(page, 'Modules and their prices', 'crm_core').getByText('Offered', { exact: true }).waitFor();
      },
      { complains: (wrong) => /409/.test(wrong) },
    ));

  test('a stream says how far behind it is and why, catches up, is paused and goes on, and is deleted in writing', async () => {
    const told = [];
    const authorizations = new Set();
    let answer = 503;
    const receiver = createServer(async (request, response) => {
      const body = (await request.toArray()).join('');
      const actions = body.trim().split('\n').map((line) => JSON.parse(line).action);
      authorizations.add(request.headers.authorization);
      // What others do meanwhile is told as well.
      if (answer === 200) told.push(...actions.filter((action) => action.startsWith('audit_stream')));
      response.writeHead(answer).end();
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const endpoint = `http://127.0.0.1:${receiver.address().port}/audit`;
    const stream = (page) => rowOf(page, 'List of streams', 'the SIEM');
    try {
      await at(
        '/streams?new=stream',
        async (page) => {
          await dialog(page).getByLabel('Name').fill('the SIEM');
          await dialog(page).getByLabel('Endpoint').fill('https://us:secret@siem.example/audit');
          await dialog(page).getByRole('button', { name: 'Make the stream' }).click();
          await dialog(page).getByText(/must have no user, password/).waitFor();
          assert.equal(await dialog(page).getByLabel('Name').inputValue(), 'the SIEM');
          await dialog(page).getByLabel('Endpoint').fill(endpoint);
          await dialog(page).getByRole('button', { name: 'Make the stream' }).click();
          await dialog(page).getByText(/^whsec_/).waitFor();
          assert.deepEqual(await complaints(page), []);
          await dialog(page).getByRole('checkbox').check();
          await dialog(page).getByRole('button', { name: 'Done' }).click();
          // The endpoint answers, but takes nothing.
          await stream(page).getByText('Fails').waitFor({ timeout: 20_000 });
          await stream(page).getByText(/it answered 503/).waitFor();
          assert.match(await stream(page).innerText(), /\d+ rows?, since/);
          await picture(page, 'settings-stream-behind');
          assert.deepEqual(await complaints(page), []);
          answer = 200;
          await stream(page).getByText('Nothing').waitFor({ timeout: 30_000 });
          assert.match(await stream(page).innerText(), /Active[\s\S]*\d+ rows?\b/);
          assert.deepEqual(told, ['audit_stream_created']);
          // What it authorizes itself with is replaced, and shown to nobody.
          await page.getByRole('button', { name: 'Change the SIEM' }).click();
          assert.ok(await dialog(page).getByRole('button', { name: 'Save' }).isDisabled());
          assert.deepEqual(await complaints(page), []);
          await dialog(page).getByLabel('Authorization header', { exact: true }).fill('Bearer harbour');
          await dialog(page).getByRole('button', { name: 'Save' }).click();
          await dialog(page).waitFor({ state: 'hidden' });
          await until('the change is told', () => told.length >= 2);
          assert.deepEqual([...authorizations], [undefined, 'Bearer harbour']);
          await page.getByRole('button', { name: 'Change the SIEM' }).click();
          assert.equal(await dialog(page).getByLabel('New Authorization header', { exact: true }).inputValue(), '');
          assert.equal(await dialog(page).getByLabel('Endpoint').inputValue(), endpoint);
          await dialog(page).getByRole('button', { name: 'Cancel' }).click();
          await page.getByRole('button', { name: 'Pause the SIEM' }).click();
          await stream(page).getByText('Paused').waitFor();
          await stream(page).getByText(/^\d rows?, since/).waitFor({ timeout: 20_000 });
          assert.deepEqual(told, ['audit_stream_created', 'audit_stream_updated']);
          await page.getByRole('button', { name: 'Resume the SIEM' }).click();
          await until('what waited is told', () => told.length >= 4);
          await stream(page).getByText('Nothing').waitFor({ timeout: 20_000 });
          await picture(page, 'settings-stream');
          await page.getByRole('button', { name: 'Delete the SIEM' }).click();
          await dialog(page).getByLabel(/^Type/).fill('the SIEM');
          await dialog(page).getByRole('button', { name: 'Delete the stream' }).click();
          await page.getByText('The audit log is told to nobody').waitFor();
        },
        { complains: (wrong) => /400/.test(wrong) },
      );
    } finally {
      receiver.close();
    }
    assert.deepEqual(told, ['audit_stream_created', 'audit_stream_updated', 'audit_stream_updated', 'audit_stream_updated']);
  });

  test('who holds master keys is seen, and how old the oldest secret of each kind is, and whose', async () => {
    await newCustomer('settings-old', 'starter');
    await sql(
      `insert into admin_customer_ai_keys (customer_id, ai_provider, api_key_encrypted, set_at)
       select id, 'openai', 'sealed by somebody else', now() - interval '4000 days' from admin_customers where company_domain = 'settings-old'`,
    );
    const stored = (await asOwner('GET', '/api/admin/secrets/stored')).data;
    const look = async (page) => {
      const holder = rowOf(page, 'Holders of master keys', 'File or variable');
      await holder.getByText('Answers', { exact: true }).waitFor();
      assert.match(await holder.innerText(), /\b\d+\b/);
      const kinds = page.getByRole('region', { name: 'Stored secrets by kind' });
      assert.equal(await kinds.locator('tbody tr').count(), stored.length);
      const keys = rowOf(page, 'Stored secrets by kind', 'Customers’ AI keys');
      await keys.getByText('4,000 days old: replace').waitFor();
      // On a narrow window it stands elsewhere in the row.
      await keys.getByRole('link', { name: 'settings-old GmbH' }).filter({ visible: true }).waitFor();
      // Nobody replaces these: however old, they aren't too old.
      await rowOf(page, 'Stored secrets by kind', 'Authenticator apps').getByText('The platform').filter({ visible: true }).waitFor();
      assert.equal(await kinds.getByText(': replace').count(), 1);
    };
    // Every page is looked at in each view elsewhere; pictures want to be looked at with these rows.
    for (const view of process.env.SIXTY_SCREENSHOTS ? VIEWS : VIEWS.slice(0, 1)) {
      await at(
        '/secrets',
        async (page) => {
          await look(page);
          await picture(page, `settings-secrets-${view.name}`, { fullPage: true });
          // No Vault can be had here: the server is said to have one, which is away.
          const wrong = `vault can't be reached: it doesn't answer in time`;
          await page.route('**/api/admin/secrets', async (route) => {
            const response = await route.fetch();
            const told = await response.json();
            const vault = { provider: 'vault', status: 'away', keys: null, error: wrong, answered_in_ms: 5003 };
            await route.fulfill({ response, json: { ...told, providers: [vault, ...told.providers] } });
          });
          await page.reload();
          await page.getByRole('alert').getByText('Vault can’t be asked for keys').waitFor();
          await rowOf(page, 'Holders of master keys', wrong).getByText('Away', { exact: true }).waitFor();
          await look(page);
          await picture(page, `settings-secrets-away-${view.name}`, { fullPage: true });
          assert.deepEqual(await complaints(page), []);
        },
        { view },
      );
    }
  });

  test('another operator’s sessions and tokens are seen, and ended one by one', async () => {
    const { session: atDesk, account } = await signedIn('watched@example.org', ['support']);
    const { recovery_codes: codes } = await atDesk.ask('POST', '/api/admin/session/recovery-codes');
    const away = new Session(url, { agent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:147.0) Gecko/20100101 Firefox/147.0' });
    await away.ask('POST', '/api/admin/session', { email: account.email, password: account.password, code: codes[0], keep: 'cookie' });
    const newToken = async (name) => (await atDesk.ask('POST', '/api/admin/tokens', { name, permissions: ['customers:read'] })).token;
    const tokens = { nightly: await newToken('nightly report'), weekly: await newToken('weekly report') };
    const { operator_id: id } = await atDesk.ask('GET', '/api/admin/session');
    const asToken = (token) => fetch(`${url}/api/admin/customers`, { headers: { Authorization: `Bearer ${token}` } });
    await at(`/operators?operator=${id}`, async (page) => {
      const sessions = page.getByRole('region', { name: 'List of sessions of watched' });
      await sessions.getByText('Firefox on Windows').waitFor();
      assert.equal(await sessions.locator('tbody tr').count(), 2);
      const held = page.getByRole('region', { name: 'List of API tokens of watched' });
      assert.equal(await held.getByText('Active').count(), 2);
      await sessions.scrollIntoViewIfNeeded();
      await picture(page, 'settings-operator-access');
      assert.deepEqual(await complaints(page), []);
      await sessions.getByRole('button', { name: 'End the session of Firefox on Windows' }).click();
      await dialog(page).getByText('Whoever uses Firefox on Windows is signed out at once.').waitFor();
      await dialog(page).getByRole('button', { name: 'End the session' }).click();
      await sessions.getByText('Firefox on Windows').waitFor({ state: 'detached' });
      assert.equal(await sessions.locator('tbody tr').count(), 1);
      await held.getByRole('button', { name: 'Revoke nightly report' }).click();
      await dialog(page).getByRole('button', { name: 'Revoke', exact: true }).click();
      await held.getByRole('row').filter({ hasText: 'nightly report' }).getByText('Revoked').waitFor();
      await held.getByRole('row').filter({ hasText: 'weekly report' }).getByText('Active').waitFor();
      // Their name is written while somebody else changes their roles.
      const name = dialog(page).getByLabel('Name');
      await name.fill('Watched Over');
      await asOwner('PATCH', `/api/admin/operators/${id}`, { roles: ['support', 'read-only'] });
      await dialog(page).getByText('Shown here as it is now: Roles.').waitFor();
      assert.equal(await name.inputValue(), 'Watched Over');
      assert.ok(await dialog(page).getByRole('checkbox', { name: /^read.only/i }).isChecked());
      await dialog(page).getByRole('button', { name: 'Save' }).click();
      await page.getByText(/^What Watched Over may do/).waitFor();
      await dialog(page).getByText('Shown here as it is now').waitFor({ state: 'hidden' });
    });
    const { name: now, roles } = await asOwner('GET', `/api/admin/operators/${id}`);
    assert.deepEqual([now, [...roles].sort()], ['Watched Over', ['read-only', 'support']]);
    await assert.rejects(away.ask('GET', '/api/admin/customers'), /: 401 /);
    await atDesk.ask('GET', '/api/admin/customers');
    assert.equal((await asToken(tokens.nightly)).status, 401);
    assert.equal((await asToken(tokens.weekly)).status, 200);
  });

  test('operators come by pages, and so do the tokens of each', async () => {
    const { session: other } = await signedIn('paged@example.org', ['read-only']);
    for (const name of ['first', 'second']) await other.ask('POST', '/api/admin/tokens', { name, permissions: ['customers:read'] });
    const { operator_id: id } = await other.ask('GET', '/api/admin/session');
    // Pages of one, as if there were hundreds.
    const short = (route) => {
      const address = new URL(route.request().url());
      if (address.searchParams.get('limit') === '50') address.searchParams.set('limit', '1');
      // Nobody waits any more for what was under way.
      return route.continue({ url: address.href }).catch(() => {});
    };
    await at('/operators', async (page) => {
      await page.getByText(/^\d+ may come in$/).waitFor();
      await page.route(/\/api\/admin\/(operators|operators\/[^/]+\/tokens)\?/, short);
      await page.goto(`${url}/admin/settings/operators?operator=${id}`);
      const held = page.getByRole('dialog').getByRole('region', { name: 'List of API tokens of paged' });
      await held.getByText('second').waitFor();
      assert.equal(await held.locator('tbody tr').count(), 1);
      await page.getByRole('dialog').getByRole('button', { name: 'Next' }).click();
      await held.getByText('first').waitFor();
      assert.equal(await held.locator('tbody tr').count(), 1);
      assert.ok(new URL(page.url()).searchParams.has('tokens'));
      assert.deepEqual(await complaints(page), []);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      assert.ok(!new URL(page.url()).searchParams.has('tokens'));
      const listing = page.getByRole('region', { name: 'List of operators' });
      // By name and address: since when somebody is there is told anew.
      const shown = async () => (await listing.locator('tbody tr td:first-child').allInnerTexts()).join();
      // While it waits, there are other rows in the place of the one.
      await listing.locator('tbody tr td:first-child').filter({ hasText: '@' }).first().waitFor();
      const first = await shown();
      assert.equal(await listing.locator('tbody tr').count(), 1);
      assert.equal(await page.getByText(/may come in$/).count(), 0);
      await page.getByRole('button', { name: 'Next' }).click();
      await page.waitForURL((address) => address.searchParams.has('page'));
      await until('the next one is shown', async () => (await shown()) !== first);
      await page.getByRole('button', { name: 'Back' }).click();
      await until('the first one is shown again', async () => (await shown()) === first);
    });
  });

  test('on a phone the names and addresses of operators break, and their table fits', async () => {
    const { email } = await newOperator('maximilianewilhelminavonundzuhohenstauffen@regionaloffice-of-the-north.example.org', ['read-only']);
    await at(
      '/operators',
      async (page) => {
        const listing = page.getByRole('region', { name: 'List of operators' });
        await listing.getByText(email).waitFor();
        await picture(page, 'settings-operators-phone');
        assert.equal(await listing.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth), 0);
      },
      { view: VIEWS[3] },
    );
  });
});
