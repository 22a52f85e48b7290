// One run through everything that an operator does with a customer, in a real browser, on a real system. The pictures that
// it takes (SIXTY_SCREENSHOTS names the folder) illustrate docs/dashboard.md; scripts/retake-pictures.sh takes them with traffic of
// others about it, for SIXTY_TRAFFIC_MINUTES.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, open, picture as pictureOf, settled, VIEWS } from './browser.mjs';
import { codeOf } from './operator.mjs';
import { newOperator, until, url } from './system.mjs';
import { traffic } from './traffic.mjs';

const NAME = 'Seaside Surveying';
const CUSTOMER = 'seaside-surveying';
const STEPS = ['Reserve a port and make passwords', 'Copy the database’s template', 'Start the database', 'Roles, passwords, migrations, proof of isolation', 'Let the customer in'];

describe('an operator and a customer', () => {
  let browser;
  let page;
  let wrongs;
  let key;
  let isBroken = false;
  const minutes = Number(process.env.SIXTY_TRAFFIC_MINUTES ?? 0);
  const begun = Date.now();
  let quiet = async () => {};

  /** A step that stands on those before it. */
  const step = (name, act) =>
    test(name, async (context) => {
      if (isBroken) return context.skip('an earlier step failed');
      isBroken = true;
      await act().catch(async (error) => {
        await picture('failed');
        throw error;
      });
      isBroken = false;
    });

  before(async () => {
    if (minutes > 0) quiet = await traffic();
    browser = await launch();
    ({ page, wrongs } = await open(browser, url, VIEWS[0]));
  });

  after(async () => {
    await quiet();
    await browser?.close();
  });

  step('signs in for the first time: app, recovery codes, a password of their own', async () => {
    const { email, oneTimePassword } = await newOperator('story@example.org', ['owner']);
    await page.goto(`${url}/admin`);
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(oneTimePassword);
    await picture('sign-in');
    await page.keyboard.press('Enter');
    const secret = await page.locator('code').filter({ hasText: /^[A-Z2-7]{16,}$/ }).textContent();
    await page.getByLabel('Code', { exact: true }).fill(codeOf(secret));
    await page.keyboard.press('Enter');
    await page.getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByLabel('The present password').fill(oneTimePassword);
    await page.getByLabel('The new password').fill('quarry lantern fjord mittens');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await settled(page);
  });

  step('signs a customer up from the palette, watches the steps, and takes the key', async () => {
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('A customer, key, page or action').fill('sign a customer');
    await page.keyboard.press('Enter');
    await page.getByLabel('Company').fill(NAME);
    await page.getByLabel('E-mail').fill('office@seaside.example');
    await page.getByRole('radio', { name: 'Starter' }).check();
    await picture('sign-up');
    await page.getByRole('button', { name: 'Sign up', exact: true }).click();
    // Each step is seen while it is worked on, and ends done.
    const steps = page.getByRole('table', { name: 'Steps' });
    await steps.getByText('Running').first().waitFor();
    await page.getByRole('button', { name: 'Copy the API key' }).waitFor({ timeout: 60_000 });
    const shown = await steps.locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.cells].slice(0, 2).map((cell) => cell.innerText.split('\n')[0])));
    assert.deepEqual(shown, STEPS.map((step) => [step, 'Done']));
    assert.match(await steps.locator('tbody tr').first().innerText(), /\d\s?(ms|s)/);
    await picture('signed-up');
    // Whoever is asked whether to leave, and stays, has the key still.
    await page.getByRole('button', { name: 'Sign another customer up' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stay' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    key = await copied();
    assert.equal((await asCustomer('/api/v1/contacts')).status, 200);
    await page.getByRole('link', { name: `Open ${CUSTOMER}` }).click();
    await page.getByRole('heading', { name: NAME, level: 1 }).waitFor();
  });

  step('makes another key, and the customer’s program calls with it', async () => {
    await tab('API keys');
    await page.getByRole('button', { name: 'New key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('nightly import');
    await picture('new-key');
    await dialog.getByRole('button', { name: /make|create/i }).click();
    await dialog.getByRole('button', { name: 'Copy the API key' }).waitFor();
    key = await copied();
    await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click();
    for (let call = 0; call < 5; call += 1) assert.equal((await asCustomer('/api/v1/deals')).status, 200);
  });

  step('sees the usage arrive without reloading', async () => {
    await tab('Usage');
    const figure = () => page.locator('dl div').filter({ hasText: /^Requests/ }).locator('dd').first().textContent();
    await until('the first requests', async () => Number(await figure()) >= 6);
    const before = Number(await figure());
    await page.evaluate(() => {
      window.wasNotReloaded = true;
    });
    for (let call = 0; call < 7; call += 1) await asCustomer('/api/v1/contacts');
    await until('the later requests', async () => Number(await figure()) >= before + 7);
    assert.ok(await page.evaluate(() => window.wasNotReloaded));
    await settled(page);
    await picture('customer-usage');
  });

  step('turns a module on and off, and the program is told why it is refused', async () => {
    await tab('Plan and modules');
    assert.equal((await asCustomer('/api/v1/workflows')).status, 403);
    await decide('Workflow Automation', 'Turn on', 'a trial of workflows');
    await until('the module is on', async () => (await asCustomer('/api/v1/workflows')).status === 200);
    await picture('modules');
    await decide('Workflow Automation', 'Turn off', 'the trial is over');
    const refused = await until('the module is off', async () => {
      const answer = await asCustomer('/api/v1/workflows');
      return answer.status === 403 && answer.json();
    });
    assert.equal(refused.type, '/problems/module-disabled');
    assert.equal(refused.module, 'workflow_automation');
    assert.equal(refused.reason, 'turned_off');
    // The page says why at the module, and has the refused requests among the others.
    await page.getByRole('region', { name: 'Modules, one a line' }).getByRole('row').filter({ hasText: 'Workflow Automation' }).getByText('the trial is over').filter({ visible: true }).waitFor();
  });

  step('finds the refused requests and their reason on the page of usage', async () => {
    await page.goto(`${url}/admin/usage?customer=${CUSTOMER}&range=1h&by=outcome`);
    await settled(page);
    await page.locator('main').getByRole('link', { name: /module.disabled/i }).first().click();
    await page.waitForURL((address) => address.searchParams.get('outcome') === 'module-disabled');
    const requests = page.getByRole('region', { name: 'List of single requests' });
    const row = requests.getByRole('row').filter({ hasText: 'GET /api/v1/workflows' }).first();
    await row.getByText('403').waitFor();
    await row.getByText(/module.disabled/i).waitFor();
    assert.equal(await requests.getByRole('row').filter({ hasText: '/api/v1/deals' }).count(), 0);
    await picture('refused');
    await page.goto(`${url}/admin/customers/${CUSTOMER}`);
    await settled(page);
  });

  step('rotates the key: both work until the old one’s time is over', async () => {
    await tab('API keys');
    const old = key;
    await page.getByRole('button', { name: 'What to do with nightly import' }).click();
    await page.getByRole('menuitem', { name: 'Rotate' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate the key' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Copy the API key' }).waitFor();
    await picture('rotated');
    key = await copied();
    await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click();
    assert.notEqual(key, old);
    assert.equal((await asCustomer('/api/v1/deals')).status, 200);
    assert.equal((await asCustomer('/api/v1/deals', old)).status, 200);
  });

  step('suspends and resumes the customer', async () => {
    await page.getByRole('button', { name: 'Suspend' }).click();
    const suspending = page.getByRole('dialog');
    await suspending.getByLabel('Reason').fill('Invoice 7 is overdue');
    await suspending.getByRole('button', { name: 'Suspend' }).click();
    await suspending.waitFor({ state: 'hidden' });
    const refused = await until('the suspension', async () => {
      const answer = await asCustomer('/api/v1/deals');
      return answer.status === 403 && answer.json();
    });
    assert.equal(refused.type, '/problems/customer-suspended');
    await page.getByText('Invoice 7 is overdue').first().waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Serve them again' }).click();
    await until('the end of the suspension', async () => (await asCustomer('/api/v1/deals')).status === 200);
  });

  step('finds all of it in the audit log, and signs out', async () => {
    await page.goto(`${url}/admin/audit?customer=${CUSTOMER}`);
    await settled(page);
    const done = ['Customer created', 'Api key created', 'Module enabled', 'Module disabled', 'Api key rotated', 'Customer suspended', 'Customer resumed'];
    for (const action of done) {
      await page.locator('main').getByText(new RegExp(action, 'i')).first().waitFor();
    }
    await picture('audit');
    if (minutes > 0) await new Promise((later) => setTimeout(later, begun + minutes * 60_000 - Date.now()));
    await page.goto(`${url}/admin/customers/${CUSTOMER}`);
    await settled(page);
    await picture('customer');
    await page.goto(`${url}/admin/?range=1h`);
    await settled(page);
    await picture('overview');
    // Whatever its range is, it is the page that one is on.
    assert.equal(await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Overview' }).getAttribute('aria-current'), 'page');
    // A closed door shows nothing of the house, and forgets what was on the pages.
    await page.getByRole('button', { name: 'Your account' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByLabel('Password', { exact: true }).waitFor();
    assert.equal(await page.getByText(NAME).count(), 0);
    // What was refused above was refused to the program, not to the pages.
    assert.deepEqual(wrongs, []);
  });

  /** Asks the customer API as the customer's program does. */
  const asCustomer = (path, shown = key) => fetch(url + path, { headers: { Authorization: `Bearer ${shown}` } });

  /** Copies the key that is shown once. */
  async function copied() {
    await page.getByRole('button', { name: 'Copy the API key' }).click();
    const text = await page.waitForFunction(async () => {
      const text = await navigator.clipboard.readText();
      return text.startsWith('sk_') && text;
    });
    return text.jsonValue();
  }

  /** Opens a part of the customer's page. */
  async function tab(name) {
    await page.getByRole('navigation', { name: /^Parts of/ }).getByRole('link', { name, exact: true }).click();
    await settled(page);
  }

  /** Turns a module over, for a reason. */
  async function decide(module, act, reason) {
    await page.getByRole('switch', { name: module }).locator('xpath=ancestor::label | ..').first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill(reason);
    await dialog.getByRole('button', { name: act }).click();
    await dialog.waitFor({ state: 'hidden' });
  }

  const picture = (name) => pictureOf(page, `story-${name}`);
});
