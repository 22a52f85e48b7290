// Everything that opens over a page: menus, lists, dialogs, drawers, the palette, the sheet of shortcuts. Each at the width of a desk in
// light, and of a phone in dark, with no complaint of axe; at the desk in dark as well in full runs, which alone have this file.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { complaints, launch, open, picture, settled, VIEWS, WIDTHS } from './browser.mjs';
import { look } from './looking.mjs';
import { asOwner, newCustomer, signedIn, until, url } from './system.mjs';

const CUSTOMER = 'openhanded';
const IN_VIEWS = process.env.SIXTY_TEST_FULL === '1' ? WIDTHS : WIDTHS.map(({ opened }) => ({ opened }));
/** What lies over a page. */
const OVER = '[role="dialog"], [role="menu"], [role="listbox"], [role="tooltip"]';

describe('what opens over a page', () => {
  let browser;
  let session;
  let ids;

  before(async () => {
    browser = await launch();
    ({ session } = await signedIn('opened@example.org', ['owner']));
    const key = await newCustomer(CUSTOMER, 'enterprise');
    for (const path of ['contacts', 'nothing', 'deals', 'tasks']) await fetch(`${url}/api/v1/${path}`, { headers: { Authorization: `Bearer ${key}` } });
    const [made] = (await asOwner('GET', `/api/admin/customers/${CUSTOMER}/api-keys`)).data;
    const other = await asOwner('POST', '/api/admin/operators', { email: 'mate@example.org', name: 'Mate', roles: ['support'] });
    await asOwner('PUT', `/api/admin/customers/${CUSTOMER}/limits`, { requests: 6000, period: 'minute', reason: 'ticket 9' });
    await asOwner('POST', `/api/admin/customers/${CUSTOMER}/backups`);
    await until('there is a backup', async () => (await asOwner('GET', `/api/admin/customers/${CUSTOMER}/backups`)).data.some(({ status }) => status === 'succeeded'), 60_000);
    const [entry] = (await asOwner('GET', `/api/admin/audit-logs?customer=${CUSTOMER}&action=customer_created`)).data;
    ids = { key: made.id, operator: other.id, entry: entry.id };
    await until('the requests are counted', async () => (await asOwner('GET', `/api/admin/usage?customer=${CUSTOMER}`)).total.requests >= 3);
  });

  after(() => browser?.close());

  const button = (name) => (page) => page.getByRole('button', { name }).first().click();
  const menu = (name, item) => async (page) => {
    await button(name)(page);
    if (item) await page.getByRole('menuitem', { name: item }).click();
  };
  const dialog = (page) => page.getByRole('dialog').last();
  const field = (name) => (page) => page.getByRole('combobox', { name }).or(page.getByLabel(name)).first().click();
  const bulk = (act) => async (page) => {
    await page.getByLabel(/^Select (?!all)/).first().check();
    await page.getByRole('button', { name: act }).click();
  };
  const customer = `/customers/${CUSTOMER}`;

  /** Closes what is open, as by keyboard. Whether nothing lies over the page then. */
  async function closes(page) {
    await page.mouse.move(0, 0);
    for (let press = 0; press < 3; press += 1) {
      if ((await page.locator(OVER).filter({ visible: true }).count()) === 0) return true;
      await page.keyboard.press('Escape');
      await page.waitForFunction((over) => ![...document.querySelectorAll(over)].some((one) => one.checkVisibility()), OVER, { timeout: 500 }).catch(() => {});
    }
    return false;
  }

  /** Name: where, how it is opened, and what is there then. */
  const THINGS = () => ({
    palette: ['/', (page) => page.keyboard.press('Control+k'), (page) => page.getByPlaceholder('A customer, key, page or action')],
    'palette-found': [
      customer,
      async (page) => {
        await page.keyboard.press('Control+k');
        await page.getByPlaceholder('A customer, key, page or action').fill(CUSTOMER);
      },
      async (page) => {
        await page.getByText(`${CUSTOMER}: Suspend or resume`).waitFor();
        // What Enter opens is one thing.
        assert.equal(await page.locator('[data-action][data-selected]').count(), 1);
        return page.getByText(`${CUSTOMER}: Suspend or resume`);
      },
    ],
    'palette-nothing': [
      '/',
      async (page) => {
        await page.keyboard.press('Control+k');
        await page.getByPlaceholder('A customer, key, page or action').fill('no such thing at all');
      },
      (page) => page.getByText(/^Nothing is called so/),
    ],
    shortcuts: ['/', (page) => page.keyboard.press('?'), (page) => dialog(page).getByText('Go to Overview')],
    account: ['/', button('Your account'), (page) => page.getByRole('menuitem', { name: 'Sign out' })],
    range: ['/', button(/^Time range/), (page) => page.getByRole('button', { name: 'Last 7 days' })],
    hint: ['/customers', (page) => page.getByRole('button', { name: /^Show in/ }).hover(), (page) => page.getByRole('tooltip')],
    'customers-status': ['/customers', (page) => page.getByRole('search').getByRole('button', { name: 'Status' }).click(), (page) => page.getByRole('checkbox', { name: 'Trial' })],
    'customers-module': ['/customers', field('Module that is on'), (page) => page.getByRole('option').first()],
    'customers-columns': ['/customers', button('Columns'), (page) => page.getByRole('button', { name: 'As they were' })],
    'customers-view': ['/customers?status=trial', button(/^Keep this view/), (page) => dialog(page).getByLabel('Name')],
    'bulk-bar': ['/customers', (page) => page.getByLabel(/^Select (?!all)/).first().check(), (page) => page.getByText('1 selected')],
    'bulk-suspend': ['/customers', bulk(/^Suspend…/), (page) => dialog(page).getByLabel(/^Type/)],
    'bulk-module': ['/customers', bulk(/^Turn a module/), (page) => dialog(page).getByLabel('Module')],
    'customer-more': [customer, button('More actions'), (page) => page.getByRole('menuitem', { name: 'Delete the customer' })],
    'customer-edit': [customer, menu('More actions', 'Edit what is known'), (page) => dialog(page).getByLabel('Company name')],
    'customer-delete': [customer, menu('More actions', 'Delete the customer'), (page) => dialog(page).getByLabel(/^Type/)],
    'customer-suspend': [customer, button('Suspend'), (page) => dialog(page).getByLabel('Reason')],
    'customer-impersonate': [customer, button('Impersonate'), (page) => dialog(page).getByLabel('For how many minutes')],
    'customer-plan': [`${customer}?act=plan`, () => {}, (page) => dialog(page).getByRole('region', { name: 'What the change does' })],
    'module-more': [`${customer}/modules`, button(/^More of/), (page) => page.getByRole('menuitem').first()],
    'module-change': [`${customer}/modules`, menu(/^More of/, 'Reason, end and limit'), (page) => dialog(page).getByLabel('Counted anew')],
    'database-url': [`${customer}/database`, button('Show the URL'), (page) => dialog(page).getByRole('button', { name: 'Show it' })],
    'data-key': [`${customer}/database`, button('Rotate'), (page) => dialog(page).getByRole('button', { name: 'Rotate' })],
    restore: [`${customer}/database`, button('Restore'), (page) => dialog(page).getByLabel('New customerId')],
    'key-new': [`${customer}/keys?act=key`, () => {}, (page) => dialog(page).getByLabel('Name')],
    'key-more': [`${customer}/keys`, button(/^What to do with/), (page) => page.getByRole('menuitem', { name: 'Revoke' })],
    'key-rotate': [`${customer}/keys`, menu(/^What to do with/, 'Rotate'), (page) => dialog(page).getByLabel('The old key goes on')],
    'key-edit': [`${customer}/keys`, menu(/^What to do with/, 'Change'), (page) => dialog(page).getByLabel('Name')],
    'key-revoke': [`${customer}/keys`, menu(/^What to do with/, 'Revoke'), (page) => dialog(page).getByLabel(/^Type/)],
    key: [`${customer}/keys?key=${ids.key}`, () => {}, (page) => dialog(page).getByText('Verifications')],
    'limit-set': [`${customer}/limits?act=limit`, () => {}, (page) => dialog(page).getByLabel('Route')],
    'limit-change': [`${customer}/limits`, button(/^Change the limit/), (page) => dialog(page).getByRole('textbox', { name: 'Requests', exact: true })],
    'limit-remove': [`${customer}/limits`, button(/^Take the limit/), (page) => dialog(page).getByRole('button', { name: 'Take it away' })],
    'audit-action': [`${customer}/audit`, field('Only this action'), (page) => page.getByRole('option').first()],
    'usage-filter': ['/usage', button('Filter'), (page) => dialog(page).getByLabel('Is')],
    'usage-slower': ['/usage', field('Response time of at least'), (page) => page.getByRole('option').first()],
    'operations-status': ['/operations', (page) => page.getByRole('search').getByRole('button', { name: 'Status' }).click(), (page) => page.getByRole('checkbox', { name: 'Dead' })],
    'operations-customer': ['/operations', (page) => page.getByRole('combobox', { name: 'Customer' }).fill(CUSTOMER), (page) => page.getByRole('option', { name: CUSTOMER })],
    'audit-entry': [`/audit?entry=${ids.entry}`, () => {}, (page) => dialog(page).getByRole('table', { name: 'Old and new values' })],
    'audit-proof': [
      `/audit?customer=${CUSTOMER}&proof=shown`,
      (page) => page.getByRole('button', { name: 'Prove the customer’s chain' }).click(),
      (page) => dialog(page).getByText(/is intact$/),
    ],
    'audit-export': ['/audit', button('Export'), (page) => page.getByRole('menuitem', { name: 'CSV, for spreadsheets' })],
    'operator-new': ['/settings/operators?new=operator', () => {}, (page) => dialog(page).getByLabel('E-mail')],
    operator: [`/settings/operators?operator=${ids.operator}`, () => {}, (page) => dialog(page).getByRole('button', { name: 'Keep out' })],
    'operator-keep-out': [
      `/settings/operators?operator=${ids.operator}`,
      (page) => dialog(page).getByRole('button', { name: 'Keep out' }).click(),
      (page) => dialog(page).getByLabel(/^Type/),
    ],
    price: ['/settings/modules', button(/^Change /), (page) => dialog(page).getByLabel('On sale')],
    'limits-anyone': ['/settings/limits', button('Set a limit'), (page) => dialog(page).getByLabel('Customer')],
    secrets: ['/settings/secrets', button(/^Rotate/), (page) => page.getByRole('menuitem').last()],
    'stream-new': ['/settings/streams?new=stream', () => {}, (page) => dialog(page).getByLabel('Endpoint')],
    // On a phone the sections of the settings are a list, too, whose options nobody sees yet.
    'clerk-status': ['/settings/clerk', field('Status'), (page) => page.getByRole('option', { name: 'Processed' })],
  });

  test('says what it is, to everybody', async () => {
    const things = THINGS();
    const pages = Object.fromEntries(Object.entries(things).map(([name, [path]]) => [name, path]));
    const opened = async (page, name) => {
      const [, opens, there] = things[name];
      await opens(page);
      await (await there(page)).first().waitFor({ timeout: 10_000 });
      // What comes in slides: it is looked at when it is there.
      await page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running'), null, { timeout: 3000 }).catch(() => {});
    };
    // One load for all that opens over a page.
    const inOrder = Object.fromEntries(Object.entries(pages).sort(([, one], [, other]) => (one < other ? -1 : Number(one > other))));
    assert.deepEqual(await look(browser, session.cookie, inOrder, { as: 'opened', opened, closes, over: OVER, fullPage: false, widths: IN_VIEWS }), []);
  });

  test('on a phone, the navigation is a drawer that says in which zone times are', async () => {
    for (const view of VIEWS.filter(({ name }) => name.startsWith('phone'))) {
      const { page, context, wrongs } = await open(browser, url, view, session.cookie);
      await page.goto(`${url}/admin/`);
      await settled(page);
      await page.getByRole('button', { name: 'Navigation' }).click();
      const drawer = page.getByRole('dialog');
      await drawer.getByText('Times in UTC').waitFor();
      await picture(page, `opened-navigation-${view.name}`);
      assert.deepEqual(await complaints(page), []);
      await drawer.getByRole('link', { name: 'Usage' }).click();
      await page.getByRole('heading', { name: 'Usage', level: 1 }).waitFor();
      await context.close();
      assert.deepEqual(wrongs, []);
    }
  });
});
