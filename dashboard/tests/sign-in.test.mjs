// What is seen before and outside of every other page, by axe: the door with its four steps, and a sign-up while it goes on and when it
// is done, with its key. At each width, in light and dark. And what is kept and what isn't, from one who leaves to the next.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { held, sql } from './admin.mjs';
import { COLOURS, complaints, inColours, launch, open, picture, settled, VIEWS } from './browser.mjs';
import { codeOf } from './operator.mjs';
import { asOwner, newOperator, signedIn, url } from './system.mjs';

/** At each width: the scheme that it begins with, and the other one. */
const WIDTHS = [
  [VIEWS[0], VIEWS[1]],
  [VIEWS[3], VIEWS[2]],
];
const PASSWORD = 'quarry lantern fjord mittens';

describe('the door, and a sign-up', () => {
  let browser;

  before(async () => {
    browser = await launch();
  });

  after(() => browser?.close());

  for (const [first, other] of WIDTHS) {
    const width = first.name.split('-')[0];
    /** Looks at what is shown now, in both schemes. */
    const looked = async (page, name) => {
      assert.deepEqual(await complaints(page), [], `${name}, ${first.name}`);
      await picture(page, `${name}-${first.name}`);
      await inColours(page, other);
      assert.deepEqual(await complaints(page, { rules: COLOURS }), [], `${name}, ${other.name}`);
      await picture(page, `${name}-${other.name}`);
      await inColours(page, first);
    };

    test(`password, QR code, recovery codes, new password: ${width}`, async () => {
      const { email, oneTimePassword } = await newOperator(`door-${width}@example.org`, ['owner']);
      const { page, context, wrongs } = await open(browser, url, first);
      await page.goto(`${url}/admin`);
      await page.getByLabel('E-mail').fill(email);
      await looked(page, 'sign-in-password');
      await page.getByLabel('Password', { exact: true }).fill('not this one');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').first().waitFor();
      await looked(page, 'sign-in-refused');
      assert.equal(wrongs.filter((wrong) => /401/.test(wrong)).length, wrongs.splice(0).length);
      await page.getByLabel('Password', { exact: true }).fill(oneTimePassword);
      await page.keyboard.press('Enter');
      await page.getByRole('img', { name: 'QR code of the secret below' }).waitFor();
      const secret = await page.locator('code').filter({ hasText: /^[A-Z2-7]{16,}$/ }).textContent();
      await looked(page, 'sign-in-authenticator');
      await page.getByLabel('Code', { exact: true }).fill(codeOf(secret));
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Keep these recovery codes' }).waitFor();
      await looked(page, 'sign-in-recovery-codes');
      await page.getByRole('checkbox').check();
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByLabel('The present password').waitFor();
      await looked(page, 'sign-in-new-password');
      await page.getByLabel('The present password').fill(oneTimePassword);
      await page.getByLabel('The new password').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
      await settled(page);
      assert.deepEqual(wrongs, []);
      await context.close();
    });

    test(`a sign-up under way, and done, with its key: ${width}`, async () => {
      const customer = `unhurried-${width}`;
      const { session } = await signedIn(`sign-up-${width}@example.org`, ['owner']);
      const release = await slowed(customer);
      const { page, context, wrongs } = await open(browser, url, first, session.cookie);
      try {
        await page.goto(`${url}/admin/customers/new`);
        await settled(page);
        await page.getByLabel('Company').fill(customer);
        await page.getByLabel('E-mail').fill('office@unhurried.example');
        await page.getByRole('button', { name: 'Sign up', exact: true }).click();
        const steps = page.getByRole('table', { name: 'Steps' });
        await steps.getByRole('row').filter({ hasText: 'Let the customer in' }).getByText('Running').waitFor({ timeout: 60_000 });
        await steps.getByRole('row').filter({ hasText: 'Start the database' }).getByText('Done').waitFor();
        assert.match(page.url(), /\/customers\/new\?operation=/);
        await looked(page, 'sign-up-running');
      } finally {
        await release();
      }
      await page.getByRole('button', { name: 'Copy the API key' }).waitFor({ timeout: 60_000 });
      await looked(page, 'sign-up-done');
      await page.getByRole('button', { name: 'Copy the API key' }).click();
      // Whoever comes later sees how it went, and no key.
      const address = page.url();
      await page.goto(address);
      await settled(page);
      await page.getByText('The first API key was shown to whoever began the sign-up, once.').waitFor();
      assert.equal(await page.getByText(/sk_/).count(), 0);
      await looked(page, 'sign-up-later');
      assert.deepEqual(wrongs, []);
      await context.close();
      assert.equal((await asOwner('GET', `/api/admin/customers/${customer}`)).customer_id, customer);
    });
  }

  test('what the next one sees is nobody else’s, a first sign-in loses nothing on the way, and signing out says when it fails', async () => {
    const { session } = await signedIn('door-before@example.org', ['owner']);
    const { email, oneTimePassword } = await newOperator('door-after@example.org', ['owner']);
    const { page, context } = await open(browser, url, VIEWS[0], session.cookie);
    const isSession = (address) => address.pathname === '/api/admin/session';
    await page.clock.install();
    await page.goto(`${url}/admin/settings/account`);
    await settled(page);
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    // The session ends elsewhere, and that question is the only one that hears of it.
    await page.route((address) => address.pathname.startsWith('/api/admin/') && !isSession(address), (route) => route.abort());
    await session.ask('DELETE', '/api/admin/session');
    await page.clock.fastForward('01:05');
    await page.getByLabel('E-mail').waitFor();
    assert.equal(await page.title(), 'Sixty');
    await page.unrouteAll();
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(oneTimePassword);
    await page.route('**/api/admin/session/authenticator', (route) => route.abort(), { times: 1 });
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('The server can’t be reached').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Go on' }).isDisabled());
    assert.deepEqual(await complaints(page), []);
    await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
    const secret = await page.locator('code').filter({ hasText: /^[A-Z2-7]{16,}$/ }).textContent();
    await page.getByLabel('Code', { exact: true }).fill(codeOf(secret));
    await page.keyboard.press('Enter');
    const codes = page.getByRole('list').getByRole('listitem');
    await page.getByRole('heading', { name: 'Keep these recovery codes' }).waitFor();
    const shown = await codes.allInnerTexts();
    // The page asks each minute who is signed in, and the session is past this step.
    const answered = page.waitForResponse((answer) => isSession(new URL(answer.url())) && answer.request().method() === 'GET');
    await page.clock.fastForward('01:05');
    await answered;
    await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
    assert.deepEqual(await codes.allInnerTexts(), shown);
    await page.getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByLabel('The present password').fill(oneTimePassword);
    await page.getByLabel('The new password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Your account' }).waitFor();
    await settled(page);
    assert.equal(await page.getByRole('dialog').count(), 0);
    const signOut = async () => {
      await page.getByRole('button', { name: 'Your account' }).click();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
    };
    await page.route(isSession, (route) => (route.request().method() === 'DELETE' ? route.abort() : route.continue()));
    await signOut();
    await page.getByRole('alert').getByText('The server can’t be reached').waitFor();
    await page.unrouteAll();
    await signOut();
    await page.getByLabel('E-mail').waitFor();
    await context.close();
  });
});

/** Has the last step of a customer's sign-up wait. Answers what lets it go on. */
async function slowed(customer) {
  const name = `test_waits_${customer.replaceAll('-', '_')}`;
  const lock = `hashtext('${customer}')`;
  await sql(
    `create function ${name}() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock_shared(${lock}); return new; end $$;
     create trigger ${name} before update on admin_customers for each row when (new.company_domain = '${customer}' and new.lifecycle = 'ready') execute function ${name}()`,
  );
  const end = await held(`select pg_advisory_xact_lock(${lock})`);
  return async () => {
    await end();
    await sql(`drop function if exists ${name}() cascade`);
  };
}
