// Every page, at the width of a desk and of a phone, in light and dark: with real data, no complaint of the console, the
// network or axe. SIXTY_SCREENSHOTS names a folder for the pictures.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from './browser.mjs';
import { look } from './looking.mjs';
import { newCustomer, signedIn, url } from './system.mjs';

const CUSTOMER = 'lighthouse';
const PAGES = [
  '/',
  '/?range=1h',
  '/customers',
  '/customers/new',
  `/customers/${CUSTOMER}`,
  `/customers/${CUSTOMER}/modules`,
  `/customers/${CUSTOMER}/database`,
  `/customers/${CUSTOMER}/keys`,
  `/customers/${CUSTOMER}/limits`,
  `/customers/${CUSTOMER}/usage`,
  `/customers/${CUSTOMER}/usage?range=365d`,
  `/customers/${CUSTOMER}/users`,
  `/customers/${CUSTOMER}/audit`,
  `/customers/${CUSTOMER}/impersonation`,
  `/customers/${CUSTOMER}/nothing`,
  '/usage',
  '/usage?range=7d&by=route',
  '/usage?by=module&top=20',
  '/usage?range=365d',
  `/usage?customer=${CUSTOMER}&by=outcome&show=errors`,
  '/operations',
  '/operations?status=dead,failed',
  '/operations?tab=jobs',
  '/audit',
  '/settings',
  '/settings/account',
  '/settings/operators',
  '/settings/modules',
  '/settings/limits',
  '/settings/secrets',
  '/settings/clerk',
  '/settings/streams',
  '/settings/health',
  '/settings/nothing',
  '/nothing',
];

describe('every page', () => {
  let browser;
  let session;

  before(async () => {
    browser = await launch();
    ({ session } = await signedIn('pages@example.org', ['owner']));
    const key = await newCustomer(CUSTOMER);
    for (const path of ['contacts', 'deals', 'nothing', 'contacts', 'tasks']) {
      await fetch(`${url}/api/v1/${path}`, { headers: { Authorization: `Bearer ${key}` } });
    }
  });

  after(() => browser?.close());

  test('looks right, at each width and in each scheme', async () => {
    const named = Object.fromEntries(PAGES.map((path) => [nameOf(path), path]));
    assert.deepEqual(await look(browser, session.cookie, named), []);
  });
});

const nameOf = (path) => path.replaceAll(/[^a-z0-9]+/gi, '-').replace(/^-|-$/g, '') || 'home';
