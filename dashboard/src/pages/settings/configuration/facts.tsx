import type { ReactNode } from 'react';
import type { Schema } from '@/api/client';
import { bytes, count, span } from '@/ui/format';
import { type GeneralLimit, rateOf, withoutRedis } from '@/ui/limits/limit';
import { WhenExactly } from '@/ui/When';

/** A setting: what it is, its value, and the variable of the server's that sets it, or where else it is set. */
export type Setting = { name: string; value: ReactNode; variable?: string; where?: string };

const NONE = 'None';

const yes = (value: boolean) => (value ? 'Yes' : 'No');
const list = (values: readonly string[]) => (values.length === 0 ? NONE : values.join(', '));

const spoken = (limit: GeneralLimit) => (limit.without_redis ? `${rateOf(limit)}; while Redis is away: ${withoutRedis(limit.without_redis).toLowerCase()}` : rateOf(limit));

/** The limits that hold for every customer and key. */
export const limitsOf = ({ limits }: Schema<'SettingsView'>): Setting[] => [
  { name: 'A customer, over all keys', value: limits.customer ? spoken(limits.customer) : 'Without limit', variable: 'SIXTY_CUSTOMER_RATE_LIMIT' },
  ...(limits.routes.length === 0 ? [{ name: 'Single routes', value: NONE, variable: 'SIXTY_ROUTE_RATE_LIMITS' }] : []),
  ...limits.routes.map((route) => ({ name: route.route, value: `${spoken(route)}, each customer`, variable: 'SIXTY_ROUTE_RATE_LIMITS' })),
  { name: 'A key, unless told otherwise', value: rateOf(limits.default_key), where: 'Built in; each key has its own, on its customer’s page' },
  { name: 'A module, for one customer', value: 'Without limit, unless decided for them', where: 'On the customer’s page, under plan and modules' },
  { name: 'While Redis is away, unless a limit says otherwise', value: withoutRedis(limits.without_redis), variable: 'SIXTY_LIMITS_WITHOUT_REDIS' },
];

/** How the server is reached. */
export const serverOf = ({ server }: Schema<'SettingsView'>): Setting[] => [
  { name: 'Speaks HTTPS itself', value: yes(server.https), variable: 'SIXTY_TLS_CERTIFICATE_FILE, SIXTY_TLS_KEY_FILE, SIXTY_ACME_DOMAINS' },
  ...(server.certificate_expires_at ? [{ name: 'Its certificate is good until', value: <WhenExactly at={server.certificate_expires_at} /> }] : []),
  { name: 'Proxies whose X-Forwarded-For counts', value: list(server.trusted_proxies), variable: 'SIXTY_TRUSTED_PROXIES' },
  { name: 'Sites whose pages may ask the customer API', value: list(server.cors_origins), variable: 'SIXTY_CORS_ORIGINS' },
  { name: 'A sign-up is waited for', value: span(server.provision_wait_seconds), variable: 'SIXTY_PROVISION_WAIT_SECONDS' },
  { name: 'Metrics for Prometheus', value: yes(server.metrics), variable: 'SIXTY_METRICS_PORT' },
];

/** Who comes in, and how. */
export const signInOf = ({ sign_in, clerk }: Schema<'SettingsView'>): Setting[] => [
  { name: 'OpenID provider of operators', value: sign_in.openid_issuer ?? NONE, variable: 'SIXTY_OPENID_ISSUER' },
  { name: 'The configured token is taken', value: yes(sign_in.configured_token), variable: 'SIXTY_OPERATOR_TOKEN, SIXTY_WITHOUT_OPERATOR_TOKEN' },
  { name: 'Clerk’s session tokens are taken', value: yes(clerk.sessions), variable: 'SIXTY_CLERK_ISSUER' },
  { name: 'Clerk’s messages are taken', value: yes(clerk.webhook), variable: 'SIXTY_CLERK_WEBHOOK_SECRETS' },
];

/** Subscriptions, usage, and which schema this server knows. */
export const restOf = ({ subscriptions, usage, schema }: Schema<'SettingsView'>): Setting[] => [
  { name: 'After a subscription ends, reading goes on for', value: `${count(subscriptions.grace_days)} days`, variable: 'SIXTY_GRACE_DAYS' },
  { name: 'Usage kept on disk at most', value: bytes(usage.spool_bytes), variable: 'SIXTY_USAGE_SPOOL_BYTES' },
  { name: 'Schema of the admin database', value: `Version ${schema.admin}` },
  { name: 'Schema of customers’ databases', value: `Version ${schema.customer}` },
];
