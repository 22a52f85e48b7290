// Passkeys in a real browser, with an authenticator of Chromium's own: enrolled on the first sign-in and beside an app, shown
// at the door, renamed, removed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, open, settled, VIEWS, violations } from './browser.mjs';
import { newOperator, signedIn, url } from './system.mjs';

const PASSWORD = 'quarry lantern fjord mittens';

describe('passkeys', () => {
  let browser;

  before(async () => {
    browser = await launch();
  });

  after(() => browser?.close());

  /** A window with an authenticator that verifies its holder. */
  async function window(cookie, { verifies = true } = {}) {
    const opened = await open(browser, url, VIEWS[0], cookie);
    const devtools = await opened.context.newCDPSession(opened.page);
    await devtools.send('WebAuthn.enable');
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: verifies, automaticPresenceSimulation: true },
    });
    return { ...opened, devtools, authenticatorId };
  }

  const dialog = (page) => page.getByRole('dialog');

  async function showPassword(page, email, password) {
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.keyboard.press('Enter');
  }

  async function signOut(page) {
    await page.getByRole('button', { name: 'Your account' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByLabel('Password', { exact: true }).waitFor();
  }

  test('the first second factor is one, and then it opens the door by keyboard alone', async () => {
    const { email, oneTimePassword } = await newOperator('passkey@example.org', ['owner']);
    const { page, context, wrongs } = await window();
    await page.goto(`${url}/admin`);
    await showPassword(page, email, oneTimePassword);
    await page.getByRole('button', { name: 'Use a passkey instead' }).click();
    await page.getByLabel('Name').and(page.locator(':focus')).waitFor();
    assert.deepEqual(await violations(page), []);
    await page.keyboard.type('my laptop');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Keep these recovery codes' }).waitFor();
    assert.equal(await page.locator('ul li').count(), 10);
    await page.getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByLabel('The present password').fill(oneTimePassword);
    await page.getByLabel('The new password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await settled(page);

    await signOut(page);
    await showPassword(page, email, PASSWORD);
    await page.getByRole('button', { name: 'Use a passkey' }).and(page.locator(':focus')).waitFor();
    // There is no app whose code could be asked for.
    await page.getByLabel('Recovery code').waitFor();
    assert.deepEqual(await violations(page), []);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await settled(page);
    assert.deepEqual(wrongs, []);
    await context.close();
  });

  test('one is added beside an app, used, renamed and removed', async () => {
    const { session, account } = await signedIn('both@example.org', ['admin']);
    const { page, context, wrongs, devtools, authenticatorId } = await window(session.cookie);
    await page.goto(`${url}/admin/settings/account`);
    await settled(page);
    await page.getByText('You have no passkey').waitFor();
    await page.getByRole('button', { name: 'New passkey' }).click();
    await dialog(page).getByLabel('Name').fill('blue key');
    // Whoever finds the session open knows no password.
    await dialog(page).getByRole('button', { name: 'Make the passkey' }).click();
    await dialog(page).getByText('is missing').waitFor();
    await dialog(page).getByLabel('Your password').fill(account.password);
    assert.deepEqual(await violations(page), []);
    await page.keyboard.press('Enter');
    const table = page.getByRole('region', { name: 'List of your passkeys' });
    await table.getByText('blue key').waitFor();
    const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId });
    assert.deepEqual(credentials.map(({ rpId }) => rpId), [new URL(url).hostname]);

    await table.getByRole('button', { name: 'Rename blue key' }).click();
    await dialog(page).getByLabel('Name').fill('red key');
    await page.keyboard.press('Enter');
    await table.getByText('red key').waitFor();

    await signOut(page);
    // Nor is a closed door told what was done behind it.
    await page.getByText('The passkey blue key is yours').waitFor({ state: 'detached', timeout: 1000 });
    assert.equal(await page.title(), 'Sixty');
    await showPassword(page, account.email, account.password);
    // Who cancels, or has no such device at hand, is told so, and goes on with a code or another try.
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByText('No passkey was used').waitFor();
    await page.getByLabel('Code', { exact: true }).waitFor();
    assert.deepEqual(await violations(page), []);
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('heading', { name: 'Your account', level: 1 }).or(page.getByRole('heading', { name: 'Overview', level: 1 })).waitFor();

    await page.goto(`${url}/admin/settings/account`);
    await settled(page);
    await table.getByRole('button', { name: 'Remove red key' }).click();
    await dialog(page).getByLabel('Your password').fill(account.password);
    await dialog(page).getByRole('button', { name: 'Remove the passkey' }).click();
    await page.getByText('You have no passkey').waitFor();
    // The one refusal is that of the form without a password.
    assert.deepEqual(wrongs.filter((wrong) => !/400|passkeys\/options/.test(wrong)), []);
    await context.close();
  });

  test('a browser without passkeys says so', async () => {
    const { session } = await signedIn('none@example.org', ['support']);
    const { page, context } = await open(browser, url, VIEWS[0], session.cookie);
    await page.addInitScript(() => {
      delete window.PublicKeyCredential;
    });
    await page.goto(`${url}/admin/settings/account`);
    await settled(page);
    await page.getByText('This browser has no passkeys').waitFor();
    assert.ok(await page.getByRole('button', { name: 'New passkey' }).isDisabled());
    await context.close();
  });
});
