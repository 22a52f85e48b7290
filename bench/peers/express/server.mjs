// The guarded path as many a product has it today, for comparison: every request looks its key up by hash, then the
// feature module, counts in Redis, does its work, and inserts one row of usage before the answer leaves.
//
// Tuned as Express's and node-postgres's documentation say: NODE_ENV=production, pools that stay open, named (prepared)
// statements, no middleware that isn't needed; WORKERS > 1 makes a cluster, one process for each core.
//
// BENCH_CONFIG is JSON: port, adminUrl, redisUrl, customer (node-postgres settings), contactQuery, poolSize.

import cluster from 'node:cluster'
import { createHash } from 'node:crypto'
import express from 'express'
import { Redis } from 'ioredis'
import pg from 'pg'

const config = JSON.parse(process.env.BENCH_CONFIG)
const workers = Number(process.env.WORKERS ?? 1)

const SECONDS = { minute: 60, hour: 3600, day: 86400, month: 31 * 86400 }

function serve() {
  const share = Math.max(1, Math.floor(config.poolSize / workers))
  const pool = (settings) => new pg.Pool({ ...settings, max: share, idleTimeoutMillis: 0, keepAlive: true })
  const admin = pool({ connectionString: config.adminUrl })
  const customer = pool(config.customer)
  const redis = new Redis(config.redisUrl)

  const refuse = (response, status, title) =>
    response.status(status).type('application/problem+json').send(JSON.stringify({ title, status }))

  // Who asks, whether they may, and how often; ends with the row of usage.
  const guarded = (module, permission, handler) => async (request, response) => {
    const started = performance.now()
    const [scheme, key] = (request.headers.authorization ?? '').split(' ')
    if (scheme?.toLowerCase() !== 'bearer' || !key) return refuse(response, 401, 'Unauthenticated')
    const hash = createHash('sha256').update(key).digest('hex')
    const found = await admin.query({
      name: 'key',
      text: `select k.id, k.customer_id, k.permissions, k.rate_limit_requests, k.rate_limit_period
             from admin_api_keys k join admin_customers c on c.id = k.customer_id
             where k.key_hash = $1 and k.status = 'active' and (k.expires_at is null or k.expires_at > now())
               and c.subscription_status in ('active', 'trial') and c.deleted_at is null`,
      values: [hash],
    })
    const row = found.rows[0]
    if (!row) return refuse(response, 401, 'Unauthenticated')
    if (!row.permissions.includes(permission)) return refuse(response, 403, 'Permission missing')
    const enabled = await admin.query({
      name: 'module',
      text: `select 1 from admin_customer_modules cm join admin_feature_modules m on m.id = cm.module_id
             where cm.customer_id = $1 and m.module_key = $2 and cm.enabled
               and (cm.expires_at is null or cm.expires_at > now())`,
      values: [row.customer_id, module],
    })
    if (enabled.rowCount === 0) return refuse(response, 403, 'Module disabled')
    const seconds = SECONDS[row.rate_limit_period]
    const bucket = `limit:${row.id}:${Math.floor(Date.now() / 1000 / seconds)}`
    const count = await redis.incr(bucket)
    if (count === 1) await redis.expire(bucket, seconds)
    if (count > row.rate_limit_requests) {
      return refuse(response.set('Retry-After', String(seconds)), 429, 'Too many requests')
    }
    const body = await handler(request)
    const status = body === undefined ? 404 : 200
    await admin.query({
      name: 'usage',
      text: `insert into admin_api_usage
               (customer_id, api_key_id, endpoint, method, status_code, response_time_ms, response_size_bytes)
             values ($1, $2, $3, $4, $5, $6, $7)`,
      values: [
        row.customer_id,
        row.id,
        request.route.path,
        request.method,
        status,
        Math.round(performance.now() - started),
        body?.length ?? 0,
      ],
    })
    if (status === 404) return refuse(response, 404, 'Not found')
    response.type('application/json').send(body)
  }

  const app = express()
  // As their documentation suggests for APIs: no header that nobody reads, no hash over every answer.
  app.disable('x-powered-by')
  app.set('etag', false)
  app.get('/hello', guarded('crm_core', 'read:*', async () => '{"hello":"world"}'))
  app.get(
    '/api/v1/contacts/:id',
    guarded('crm_core', 'read:*', async (request) => {
      const found = await customer.query({
        name: 'contact',
        text: config.contactQuery,
        values: [request.params.id],
        rowMode: 'array',
      })
      return found.rows[0]?.[0]
    }),
  )
  const server = app.listen(config.port, '127.0.0.1')
  server.keepAliveTimeout = 65_000
}

if (workers > 1 && cluster.isPrimary) {
  for (let worker = 0; worker < workers; worker++) cluster.fork()
} else {
  serve()
}
