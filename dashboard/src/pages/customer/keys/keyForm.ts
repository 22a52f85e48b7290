import type { Schema } from '@/api/client';
import { toLocal } from '@/ui/localTime';
import { type Expiry, expiresAt, wrongExpiry } from './expiry';
import type { Key } from './key';
import { wrongNetworks } from './networks';
import { ACCESS, type Access, accessOf, wrongPermissions } from './permissions';

/** What the form of a key holds. The fields that the API refuses by name have the API's names. */
export type KeyValues = {
  name: string;
  description: string;
  access: Access;
  permissions: string[];
  allowed_networks: string[];
  rate_limit_requests: number | string;
  rate_limit_period: string;
  without_redis: string;
  expiry: Expiry;
  expires_at: string;
};

/** A new key as the API makes it unless told otherwise. */
export const newKey: KeyValues = {
  name: '',
  description: '',
  access: 'everything',
  permissions: [],
  allowed_networks: [],
  rate_limit_requests: 1000,
  rate_limit_period: 'month',
  without_redis: '',
  expiry: 'never',
  expires_at: '',
};

/** Fields that say one thing together. */
export const TOGETHER: (keyof KeyValues)[][] = [
  ['access', 'permissions'],
  ['expiry', 'expires_at'],
];

/** A key as it is. */
export const valuesOf = (key: Key): KeyValues => ({
  name: key.name,
  description: key.description ?? '',
  access: accessOf(key.permissions),
  permissions: accessOf(key.permissions) === 'chosen' ? key.permissions : [],
  allowed_networks: key.allowed_networks,
  rate_limit_requests: key.rate_limit_requests,
  rate_limit_period: key.rate_limit_period,
  without_redis: key.without_redis ?? '',
  expiry: key.expires_at ? 'at' : 'never',
  expires_at: toLocal(key.expires_at),
});

/** The API's rules. */
export const rules = {
  name: (name: string) => wrongText(name, 100, true),
  description: (description: string) => wrongText(description, 1000, false),
  permissions: (permissions: string[], { access }: KeyValues) => (access === 'chosen' ? wrongPermissions(permissions) : null),
  allowed_networks: wrongNetworks,
  rate_limit_requests: (requests: number | string) =>
    Number.isInteger(requests) && Number(requests) >= 1 ? null : 'must be a whole number, at least 1; to stop a key, revoke it',
};

/** The same with the one of when it ends. A moment that nobody changes isn't sent, and may be over: a key that has ended has a name still. */
export const rulesFor = (before: KeyValues) => ({
  ...rules,
  expires_at: (at: string, { expiry }: KeyValues) => (expiry === before.expiry && at === before.expires_at ? null : wrongExpiry(expiry, at)),
});

function wrongText(text: string, longest: number, needed: boolean): string | null {
  if (needed && text.trim() === '') return 'must not be empty';
  return [...text.trim()].length > longest ? `must be at most ${longest} characters long` : null;
}

/** The values as the API takes them; a key that ends in some days ends so long after `now`. */
export function bodyOf(values: KeyValues, now = Date.now()): Schema<'NewApiKeyBody'> {
  return {
    name: values.name.trim(),
    description: values.description.trim() || null,
    permissions: values.access === 'chosen' ? values.permissions : [...ACCESS[values.access].permissions],
    allowed_networks: values.allowed_networks,
    rate_limit_requests: Number(values.rate_limit_requests),
    rate_limit_period: values.rate_limit_period,
    without_redis: values.without_redis || null,
    expires_at: expiresAt(values.expiry, values.expires_at, now),
  };
}

/** Only what differs from the key as it was: what somebody else changes meanwhile stays. */
export function changesOf(values: KeyValues, before: Key): Schema<'ApiKeyPatch'> {
  const then = valuesOf(before);
  const body = bodyOf(values);
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  return {
    ...(body.name !== before.name && { name: body.name }),
    ...(values.description !== then.description && { description: body.description }),
    ...(!same([values.access, values.permissions], [then.access, then.permissions]) && { permissions: body.permissions ?? [] }),
    ...(!same(values.allowed_networks, then.allowed_networks) && { allowed_networks: body.allowed_networks ?? [] }),
    ...(values.rate_limit_requests !== then.rate_limit_requests && { rate_limit_requests: body.rate_limit_requests ?? undefined }),
    ...(values.rate_limit_period !== then.rate_limit_period && { rate_limit_period: body.rate_limit_period ?? undefined }),
    ...(values.without_redis !== then.without_redis && { without_redis: body.without_redis }),
    ...(!same([values.expiry, values.expires_at], [then.expiry, then.expires_at]) && { expires_at: body.expires_at }),
  };
}
