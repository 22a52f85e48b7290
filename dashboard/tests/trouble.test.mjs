// The pages of a bad day, with a real one behind them: an operation and a job that died, messages of Clerk that failed and that
// wait, what a comparison with Clerk finds, a rotation under way. Each page is looked at in every view, and what can be done
// about it is done.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { held, refused, sql } from './admin.mjs';
import { complaints, launch } from './browser.mjs';
import { membership, send, user } from './clerk.mjs';
import { look } from './looking.mjs';
import { asOwner, newCustomer, signedIn, until, url } from './system.mjs';
import { visit } from './visit.mjs';

const CUSTOMER = 'stormy';
const STRANDED = 'stranded';

describe('a bad day', () => {
  let browser;
  let session;

  before(async () => {
    browser = await launch();
    ({ session } = await signedIn('trouble@example.org', ['owner']));
    await newCustomer(CUSTOMER, 'pro');
  });

  after(() => browser?.close());

  const at = (path, act, options) => visit(browser, session.cookie, path, act, options);

  const looked = async (pages, opened) => assert.deepEqual(await look(browser, session.cookie, pages, { as: 'trouble', opened }), []);

  test('an operation that died says why, and is tried again', async () => {
    const activate = await refused('admin_customers', 'before update', `new.company_domain = '${STRANDED}' and new.lifecycle = 'ready'`);
    const remove = await refused('admin_customers', 'before delete', `old.company_domain = '${STRANDED}'`);
    const body = { customer_id: STRANDED, name: 'Stranded Ltd', email: 'office@stranded.example', plan: 'starter' };
    const { operation } = await asOwner('POST', '/api/admin/customers', body);
    await until('it is given up', async () => (await asOwner('GET', `/api/admin/operations/${operation.id}`)).status === 'dead', 120_000);
    await looked({
      overview: '/',
      'dead-operations': '/operations?status=dead',
      'dead-operation': `/operations/${operation.id}`,
      absent: `/customers/new?operation=${operation.id}`,
    });
    await activate();
    await remove();
    await at(`/operations?status=dead`, async (page) => {
      await page.getByRole('link', { name: 'Sign-up' }).first().click();
      await page.getByRole('alert').getByText(/the disk is full/).waitFor();
      await page.getByRole('button', { name: 'Try again' }).click();
      // Live: nobody reloads the page.
      await page.locator('header').getByText('Failed', { exact: true }).waitFor({ timeout: 30_000 });
    });
    assert.equal((await asOwner('GET', '/api/admin/operations?status=dead')).data.length, 0);
  });

  test('an operation under way is taken back, after its customer was typed', async () => {
    // Held up where its database is written down.
    const release = await held('lock table admin_instances in share row exclusive mode');
    const body = { customer_id: 'second-thoughts', name: 'Second Thoughts', email: 'office@thoughts.example', plan: 'starter' };
    const { operation } = await asOwner('POST', '/api/admin/customers', body);
    try {
      await at(`/operations/${operation.id}`, async (page) => {
        await page.getByRole('button', { name: 'Take it back' }).click();
        const dialog = page.getByRole('dialog');
        assert.ok(await dialog.getByRole('button', { name: 'Take it back' }).isDisabled());
        await dialog.getByLabel(/^Type/).fill('second-thoughts');
        assert.deepEqual(await complaints(page), []);
        await dialog.getByRole('button', { name: 'Take it back' }).click();
        await dialog.waitFor({ state: 'hidden' });
        await release();
        await page.locator('header').getByText('Canceled', { exact: true }).waitFor({ timeout: 30_000 });
      });
    } finally {
      await release();
    }
  });

  test('a job that died says why, and is queued again', async () => {
    // One attempt in the place of ten: nobody waits an hour for it to give up.
    await sql(
      `create function test_impatient() returns trigger language plpgsql as $$ begin new.max_attempts := 1; return new; end $$;
       create trigger test_impatient before insert on admin_jobs for each row when (new.kind like '%backup%') execute function test_impatient()`,
    );
    const allow = await refused('admin_backups', 'before insert', 'true');
    const { job_id: job } = await asOwner('POST', `/api/admin/customers/${CUSTOMER}/backups`);
    await until('it is given up', async () => (await asOwner('GET', `/api/admin/jobs/${job}`)).status === 'dead', 60_000);
    await looked({ 'dead-jobs': '/operations?tab=jobs&status=dead', 'dead-job': `/operations?tab=jobs&status=dead&job=${job}` }, async (page, name) => {
      if (name === 'dead-job') await page.getByRole('dialog').getByText(/the disk is full/).waitFor();
    });
    await allow();
    await sql('drop function test_impatient() cascade');
    await at('/operations?tab=jobs&status=dead', async (page) => {
      const listing = page.getByRole('region', { name: 'List of jobs' });
      const row = listing.getByRole('row').filter({ hasText: /backup/i }).first();
      await row.getByRole('button', { name: 'Try again' }).click();
      await until('it is done', async () => (await asOwner('GET', `/api/admin/jobs/${job}`)).status === 'succeeded');
    });
    await at(`/customers/${CUSTOMER}/database`, async (page) => {
      await page.getByRole('region', { name: 'Backups', exact: true }).getByText('Succeeded').first().waitFor();
    });
  });

  test('messages of Clerk are inspected and replayed, and a comparison tells its findings', async () => {
    await send('msg_dash_1', 'user.created', user('user_kim', 'Kim'));
    await send('msg_dash_2', 'organization.created', { id: 'org_quay', name: 'Quay', slug: 'quay', created_by: 'user_kim' });
    await send('msg_dash_3', 'organizationMembership.created', membership('org_quay', 'user_kim'));
    await send('msg_dash_4', 'organizationMembership.created', membership('org_quay', 'user_late'));
    await send('msg_dash_5', 'session.created', { id: 'sess_1' });
    await send('msg_dash_6', 'organization.updated', { id: 'org_quay', name: 12 });
    const states = async () => new Map((await asOwner('GET', '/api/admin/clerk/messages?limit=200')).data.map(({ id, status }) => [id, status]));
    await until('all are looked at', async () => {
      const found = await states();
      return found.get('msg_dash_6') === 'failed' && found.get('msg_dash_3') === 'processed' && found.get('msg_dash_5') === 'ignored';
    });
    await until('the customer is there', async () => (await asOwner('GET', '/api/admin/customers?q=quay')).data[0]?.customer_id === 'quay', 60_000);
    await at('/settings/clerk', async (page) => {
      // What mends says what that may do, and waits for a yes.
      await page.getByRole('button', { name: 'Compare now and mend' }).click();
      await page.getByRole('dialog').getByText(/whose organization is gone at Clerk is suspended/).waitFor();
      await page.getByRole('dialog').getByRole('button', { name: 'Keep as it is' }).click();
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      await page.getByRole('button', { name: 'Compare, and only say what differs' }).click();
      const comparisons = page.getByRole('region', { name: 'List of comparisons' });
      await comparisons.getByRole('button', { name: 'Show' }).first().waitFor({ timeout: 30_000 });
    });
    await looked(
      { clerk: '/settings/clerk', 'clerk-failed': '/settings/clerk?status=failed', 'clerk-message': '/settings/clerk?message=msg_dash_6', 'clerk-users': '/customers/quay/users' },
      async (page, name) => {
        if (name === 'clerk') await page.getByRole('button', { name: 'Show', exact: true }).first().click();
        if (name === 'clerk-message') await page.getByRole('dialog').getByRole('region', { name: 'All that it said' }).waitFor();
      },
    );
    // The user comes at last: their membership needs no hand. The one that failed is done once more, and fails again.
    await send('msg_dash_7', 'user.created', user('user_late', 'Late'));
    await until('the membership is done', async () => (await states()).get('msg_dash_4') === 'processed');
    await at('/settings/clerk?message=msg_dash_6', async (page) => {
      await page.getByRole('dialog').getByRole('button', { name: 'Do it once more' }).click();
      await page.getByText('It is done once more').waitFor();
    });
  });

  test('a rotation of the master key is begun in writing, seen while it runs, and the old key is retired', async () => {
    // A data key that somebody holds: the rotation waits for it.
    const release = await held('select * from admin_data_keys for update');
    let old;
    try {
      await at('/settings/secrets', async (page) => {
        await page.getByRole('button', { name: 'Rotate', exact: true }).click();
        const keys = page.getByRole('menuitem').filter({ hasText: /^[0-9a-f]{8}$/ });
        const wanted = (await keys.first().textContent()).trim();
        old = (await asOwner('GET', '/api/admin/secrets')).active_key;
        assert.notEqual(wanted, old);
        await keys.first().click();
        const dialog = page.getByRole('dialog');
        await dialog.getByLabel(/^Type/).fill(wanted);
        await dialog.getByRole('button', { name: 'Rotate the master key' }).click();
        await dialog.waitFor({ state: 'hidden' });
        // Nothing is done yet: the bar has no width.
        await page.getByRole('region', { name: 'List of rotations' }).getByRole('progressbar').first().waitFor({ state: 'attached' });
      });
      await looked({ rotating: '/settings/secrets' });
    } finally {
      await release();
    }
    await at('/settings/secrets', async (page) => {
      await page.getByRole('region', { name: 'List of rotations' }).getByText('Succeeded').first().waitFor({ timeout: 60_000 });
      const retire = page.getByRole('region', { name: 'List of master keys' }).getByRole('button', { name: 'Retire' });
      await retire.first().click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(/^Type/).fill(old);
      await dialog.getByRole('button', { name: 'Retire the key' }).click();
      await dialog.waitFor({ state: 'hidden' });
      await page.getByRole('region', { name: 'List of master keys' }).getByText('Retired').first().waitFor();
      // Each data key has an age, and a master key that opens it.
      await page.getByRole('region', { name: 'List of data keys' }).getByText(/old$/).first().waitFor();
    });
    await looked({ secrets: '/settings/secrets', 'data-key': `/customers/${CUSTOMER}/database` });
  });
});
