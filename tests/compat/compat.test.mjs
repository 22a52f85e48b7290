// What existing clients of the admin database do, through node-postgres as they do it: the statements, the types of
// the parameters and what comes back. A change of the schema that breaks one of them breaks such a client.
//
// ADMIN_DATABASE_URL names a freshly migrated database; crates/control-plane/catalog/tests/node_postgres.rs makes one.

import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import pg from 'pg';

const url = process.env.ADMIN_DATABASE_URL;
assert.ok(url, 'ADMIN_DATABASE_URL must name a freshly migrated admin database');

const pool = new pg.Pool({
  connectionString: url,
  max: 20,
  idleTimeoutMillis: 30_000,
  connectionTimeoutMillis: 2_000,
});
after(() => pool.end());

const key = `sk_${'a'.repeat(33)}`;
const keyHash = createHash('sha256').update(key).digest('hex');
const customer = {};
const apiKey = {};

const one = async (text, values) => {
  const { rows } = await pool.query(text, values);
  assert.equal(rows.length, 1, text);
  return rows[0];
};

before(async () => {
  Object.assign(
    customer,
    await one(
      `INSERT INTO admin_customers (
         company_name, company_domain, company_logo_url, industry, company_size, timezone,
         database_host, database_port, database_name, database_user, database_password_encrypted,
         clerk_org_id, clerk_admin_user_id, subscription_plan, subscription_status, billing_email,
         trial_started_at, trial_ends_at, auto_renew, metadata
       ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
       RETURNING *`,
      [
        'Acme Corp', 'acme.example', null, 'Mining', '11-50', 'Europe/Berlin',
        'localhost', 5434, 'customer_acme', 'acme_user', 'encrypted',
        'org_acme', 'user_acme', 'pro', 'active', 'billing@acme.example',
        new Date('2026-11-01T00:00:00Z'), new Date('2026-11-15T00:00:00Z'), true, { source: 'import' },
      ],
    ),
  );
  // The least that a client may say.
  await pool.query(
    `INSERT INTO admin_customers (company_name, company_domain, database_name) VALUES ('Beta', 'beta', 'customer_beta')`,
  );
  await pool.query(
    `INSERT INTO admin_customers (company_name, company_domain, subscription_status, deleted_at)
     VALUES ('Gone', 'gone', 'active', NOW())`,
  );
  await pool.query(
    `INSERT INTO admin_customer_modules (customer_id, module_id, enabled, enabled_at)
     SELECT $1, id, true, NOW() FROM admin_feature_modules WHERE module_key = ANY($2)`,
    [customer.id, ['crm_core', 'advanced_pipeline', 'workflow_automation']],
  );
  Object.assign(
    apiKey,
    await one(
      `INSERT INTO admin_api_keys (customer_id, key_hash, key_prefix, name, permissions, rate_limit_requests, rate_limit_period)
       VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *`,
      [customer.id, keyHash, key.slice(0, 11), 'Default', JSON.stringify(['read:*', 'write:contacts']), 1000, 'month'],
    ),
  );
});

test('a customer is found by id, Clerk organization and domain', async () => {
  const found = [
    await one('SELECT * FROM admin_customers WHERE id = $1 AND deleted_at IS NULL', [customer.id]),
    await one('SELECT * FROM admin_customers WHERE clerk_org_id = $1 AND deleted_at IS NULL', ['org_acme']),
    await one('SELECT * FROM admin_customers WHERE company_domain = $1 AND deleted_at IS NULL', ['acme.example']),
  ];
  for (const row of found) {
    assert.equal(row.id, customer.id);
    assert.equal(row.company_name, 'Acme Corp');
    assert.equal(row.subscription_plan, 'pro');
    assert.equal(row.subscription_status, 'active');
    assert.equal(row.database_port, 5434);
    assert.equal(row.auto_renew, true);
    assert.equal(row.use_customer_ai_keys, false);
    assert.deepEqual(row.metadata, { source: 'import' });
    assert.equal(row.trial_ends_at.toISOString(), '2026-11-15T00:00:00.000Z');
    assert.ok(row.created_at instanceof Date && row.updated_at instanceof Date);
    // What such a client doesn't mention makes a customer who is wholly there.
    assert.equal(row.lifecycle, 'ready');
  }
});

test('a customer without anything said is on trial, in UTC', async () => {
  const beta = await one('SELECT * FROM admin_customers WHERE company_domain = $1', ['beta']);
  assert.equal(beta.subscription_status, 'trial');
  assert.equal(beta.timezone, 'UTC');
  assert.equal(beta.deleted_at, null);
});

test('active customers are listed with a total', async () => {
  const [list, total] = await Promise.all([
    pool.query(
      `SELECT * FROM admin_customers WHERE subscription_status = $1 AND deleted_at IS NULL
       ORDER BY created_at DESC LIMIT $2 OFFSET $3`,
      ['active', 50, 0],
    ),
    one(`SELECT COUNT(*) AS total FROM admin_customers WHERE subscription_status = $1 AND deleted_at IS NULL`, ['active']),
  ]);
  assert.deepEqual(list.rows.map((row) => row.company_name), ['Acme Corp']);
  assert.equal(Number.parseInt(total.total, 10), 1);
  const some = await pool.query(`SELECT id FROM admin_customers WHERE subscription_status::text = ANY($1)`, [['active', 'trial']]);
  assert.equal(some.rowCount, 3);
});

test('the modules are listed with their prices', async () => {
  const { rows } = await pool.query('SELECT * FROM admin_feature_modules WHERE is_active = true ORDER BY module_name');
  assert.equal(rows.length, 10);
  const pipeline = rows.find((row) => row.module_key === 'advanced_pipeline');
  assert.equal(pipeline.module_name, 'Advanced Pipeline');
  assert.equal(pipeline.base_price_monthly, '29.99');
  assert.equal(pipeline.base_price_annual, '299.99');
  assert.equal(pipeline.enabled_by_default, true);
});

test('a module is enabled or not', async () => {
  const isEnabled = async (moduleKey) => {
    const { rows } = await pool.query(
      `SELECT cm.enabled FROM admin_customer_modules cm
       JOIN admin_feature_modules fm ON fm.id = cm.module_id
       WHERE cm.customer_id = $1 AND fm.module_key = $2`,
      [customer.id, moduleKey],
    );
    return rows.length > 0 && rows[0].enabled;
  };
  assert.equal(await isEnabled('advanced_pipeline'), true);
  assert.equal(await isEnabled('ai_assistant'), false);
  await pool.query(
    `INSERT INTO admin_customer_modules (customer_id, module_id, enabled, enabled_at)
     VALUES ($1, (SELECT id FROM admin_feature_modules WHERE module_key = $2), true, NOW())
     ON CONFLICT (customer_id, module_id) DO UPDATE SET enabled = true, enabled_at = NOW(), disabled_at = NULL`,
    [customer.id, 'ai_assistant'],
  );
  assert.equal(await isEnabled('ai_assistant'), true);
  await pool.query(
    `UPDATE admin_customer_modules SET enabled = false, disabled_at = NOW()
     WHERE customer_id = $1 AND module_id = (SELECT id FROM admin_feature_modules WHERE module_key = $2)`,
    [customer.id, 'ai_assistant'],
  );
  assert.equal(await isEnabled('ai_assistant'), false);
});

test("a customer's keys, and a key by its hash", async () => {
  const keys = await pool.query(
    `SELECT id, key_prefix, name, permissions, rate_limit_requests, rate_limit_period, status, expires_at, last_used_at, created_at
     FROM admin_api_keys WHERE customer_id = $1 AND status = 'active' ORDER BY created_at DESC`,
    [customer.id],
  );
  assert.deepEqual(keys.rows.map((row) => row.id), [apiKey.id]);
  assert.deepEqual(keys.rows[0].permissions, ['read:*', 'write:contacts']);
  assert.equal(keys.rows[0].rate_limit_requests, 1000);
  assert.equal(keys.rows[0].rate_limit_period, 'month');

  const found = await one(
    `SELECT k.*, c.subscription_status FROM admin_api_keys k JOIN admin_customers c ON c.id = k.customer_id
     WHERE k.key_hash = $1 AND k.status = $2 AND (k.expires_at IS NULL OR k.expires_at > NOW())`,
    [keyHash, 'active'],
  );
  assert.equal(found.customer_id, customer.id);
  const touched = await one('UPDATE admin_api_keys SET last_used_at = NOW() WHERE id = $1 RETURNING *', [found.id]);
  assert.ok(touched.last_used_at instanceof Date);
  assert.ok(touched.updated_at > touched.created_at);
});

test('usage is inserted without knowing of partitions', async () => {
  const usage = await one(
    `INSERT INTO admin_api_usage
       (api_key_id, customer_id, endpoint, method, status_code, response_time_ms, request_size_bytes, response_size_bytes)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING *`,
    [apiKey.id, customer.id, '/api/v1/deals', 'GET', 200, 12, 0, 512],
  );
  assert.match(usage.id, /^[0-9a-f-]{36}$/);
  assert.equal(usage.status_code, 200);
  assert.equal(usage.response_time_ms, 12);
  assert.ok(usage.created_at instanceof Date);
  await pool.query(
    `INSERT INTO admin_api_usage (api_key_id, customer_id, endpoint, method, status_code, response_time_ms, created_at)
     VALUES ($1, $2, '/api/v1/deals', 'POST', 429, 3, $3), ($1, $2, '/api/v1/deals', 'POST', 201, 5, $3)`,
    [apiKey.id, customer.id, new Date('2020-02-29T12:00:00Z')],
  );
});

test('AI usage of a month is upserted twice and summed', async () => {
  const start = new Date(2026, 10, 1);
  const end = new Date(2026, 11, 0, 23, 59, 59, 999);
  const upsert = (prompt, completion, cost) =>
    pool.query(
      `INSERT INTO admin_ai_key_usage
         (customer_id, ai_provider, key_owner, prompt_tokens, completion_tokens, total_tokens, estimated_cost_usd, period_start, period_end)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       ON CONFLICT (customer_id, ai_provider, key_owner, period_start, period_end) DO UPDATE SET
         prompt_tokens = admin_ai_key_usage.prompt_tokens + EXCLUDED.prompt_tokens,
         completion_tokens = admin_ai_key_usage.completion_tokens + EXCLUDED.completion_tokens,
         total_tokens = admin_ai_key_usage.total_tokens + EXCLUDED.total_tokens,
         estimated_cost_usd = admin_ai_key_usage.estimated_cost_usd + EXCLUDED.estimated_cost_usd`,
      [customer.id, 'openai', 'system', prompt, completion, prompt + completion, cost, start, end],
    );
  await upsert(100, 50, 0.0015);
  await upsert(200, 25, 0.002);
  const sum = await one(
    `SELECT * FROM admin_ai_key_usage WHERE customer_id = $1 AND ai_provider = $2 AND period_start = $3 AND period_end = $4`,
    [customer.id, 'openai', start, end],
  );
  assert.equal(Number(sum.prompt_tokens), 300);
  assert.equal(Number(sum.completion_tokens), 75);
  assert.equal(Number(sum.total_tokens), 375);
  assert.equal(Number.parseFloat(sum.estimated_cost_usd), 0.0035);
  assert.equal(sum.period_end.getTime(), end.getTime());

  // A client that counts in days writes dates; the same month meets itself here too.
  for (let round = 0; round < 2; round += 1) {
    await pool.query(
      `INSERT INTO admin_ai_key_usage (customer_id, ai_provider, key_owner, total_tokens, period_start, period_end)
       VALUES ($1, 'anthropic', 'customer', 10, '2026-11-01', '2026-11-30')
       ON CONFLICT (customer_id, ai_provider, key_owner, period_start, period_end)
       DO UPDATE SET total_tokens = admin_ai_key_usage.total_tokens + EXCLUDED.total_tokens`,
      [customer.id],
    );
  }
  const days = await one(
    `SELECT SUM(total_tokens) AS total FROM admin_ai_key_usage WHERE customer_id = $1 AND ai_provider = 'anthropic'`,
    [customer.id],
  );
  assert.equal(Number(days.total), 20);
});

test("a customer's own AI key is stored, replaced and counted", async () => {
  for (const sealed of ['one', 'two']) {
    await pool.query(
      `INSERT INTO admin_customer_ai_keys (customer_id, ai_provider, api_key_encrypted, is_active, set_at, monthly_token_budget)
       VALUES ($1, $2, $3, true, NOW(), $4)
       ON CONFLICT (customer_id, ai_provider) DO UPDATE SET api_key_encrypted = EXCLUDED.api_key_encrypted, set_at = NOW()`,
      [customer.id, 'gemini', sealed, 1_000_000],
    );
  }
  const stored = await one('SELECT * FROM admin_customer_ai_keys WHERE customer_id = $1', [customer.id]);
  assert.equal(stored.api_key_encrypted, 'two');
  assert.equal(Number(stored.tokens_used_this_month), 0);
});

test('an audit row is inserted and stays when its customer goes', async () => {
  const stranger = randomUUID();
  const row = await one(
    `INSERT INTO admin_audit_logs
       (customer_id, admin_user_id, action, resource_type, resource_id, old_values, new_values, ip_address, user_agent)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *`,
    [
      stranger, 'user_admin', 'module_enabled', 'module', 'ai_assistant',
      JSON.stringify({ enabled: false }), { enabled: true }, '192.0.2.1', 'node',
    ],
  );
  assert.equal(row.customer_id, stranger);
  assert.deepEqual(row.old_values, { enabled: false });
  assert.deepEqual(row.new_values, { enabled: true });
  assert.equal(row.ip_address, '192.0.2.1');
  const logs = await pool.query(
    'SELECT * FROM admin_audit_logs WHERE customer_id = $1 ORDER BY created_at DESC LIMIT 50',
    [stranger],
  );
  assert.equal(logs.rowCount, 1);
});

test('an invoice is written and paid', async () => {
  const items = [{ module: 'advanced_pipeline', quantity: 1, unit_price: 29.99, total: 29.99 }];
  const invoice = await one(
    `INSERT INTO admin_subscription_invoices
       (customer_id, invoice_number, invoice_date, due_date, subtotal, tax, total, status, billing_period_start, billing_period_end, line_items)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING *`,
    [
      customer.id, 'INV-1', new Date('2026-11-01'), new Date('2026-11-15'), 29.99, 5.7, 35.69, 'sent',
      new Date('2026-10-01'), new Date('2026-10-31'), JSON.stringify(items),
    ],
  );
  assert.equal(invoice.total, '35.69');
  assert.equal(invoice.currency, 'USD');
  assert.deepEqual(invoice.line_items, items);
  const paid = await one(
    `UPDATE admin_subscription_invoices SET status = 'paid', paid_at = NOW() WHERE invoice_number = $1 RETURNING status`,
    ['INV-1'],
  );
  assert.equal(paid.status, 'paid');
});

// The tests of one file run one after the other, in this order.
test('the three views', async () => {
  const summary = await one('SELECT * FROM admin_customer_summary WHERE id = $1', [customer.id]);
  assert.deepEqual(Object.keys(summary), [
    'id', 'company_name', 'company_domain', 'subscription_plan', 'subscription_status', 'created_at',
    'enabled_module_count', 'api_key_count', 'ai_key_count',
  ]);
  // Joined together, three modules, one key and one AI key would count three each.
  assert.equal(Number(summary.enabled_module_count), 3);
  assert.equal(Number(summary.api_key_count), 1);
  assert.equal(Number(summary.ai_key_count), 1);
  const shown = await pool.query('SELECT company_name FROM admin_customer_summary ORDER BY company_name');
  assert.deepEqual(shown.rows.map((row) => row.company_name), ['Acme Corp', 'Beta']);

  const usage = await pool.query(
    `SELECT * FROM admin_api_usage_summary WHERE customer_id = $1 AND usage_date >= $2 ORDER BY usage_date`,
    [customer.id, '2020-02-29'],
  );
  assert.deepEqual(Object.keys(usage.rows[0]), [
    'customer_id', 'usage_date', 'total_requests', 'successful_requests', 'failed_requests',
    'avg_response_time_ms', 'max_response_time_ms',
  ]);
  assert.equal(usage.rowCount, 2);
  assert.equal(Number(usage.rows[0].total_requests), 2);
  assert.equal(Number(usage.rows[0].successful_requests), 1);
  assert.equal(Number(usage.rows[0].failed_requests), 1);
  assert.equal(Number(usage.rows[0].avg_response_time_ms), 4);
  assert.equal(usage.rows[0].max_response_time_ms, 5);

  const tokens = await one(
    `SELECT * FROM admin_token_usage_summary WHERE customer_id = $1 AND ai_provider = $2 AND key_owner = $3`,
    [customer.id, 'openai', 'system'],
  );
  assert.deepEqual(Object.keys(tokens), [
    'customer_id', 'ai_provider', 'key_owner', 'usage_date', 'total_tokens', 'total_prompt_tokens',
    'total_completion_tokens', 'total_estimated_cost',
  ]);
  assert.equal(Number(tokens.total_tokens), 375);
  assert.equal(Number(tokens.total_estimated_cost), 0.0035);
});

test('a customer is changed and softly deleted', async () => {
  const renamed = await one(
    `UPDATE admin_customers SET company_name = $2, subscription_plan = $3, updated_at = NOW() WHERE id = $1 RETURNING *`,
    [customer.id, 'Acme Ltd', 'enterprise'],
  );
  assert.equal(renamed.subscription_plan, 'enterprise');
  await pool.query(`UPDATE admin_customers SET deleted_at = NOW(), subscription_status = 'canceled' WHERE id = $1`, [customer.id]);
  const left = await pool.query('SELECT 1 FROM admin_customer_summary WHERE id = $1', [customer.id]);
  assert.equal(left.rowCount, 0);
});
