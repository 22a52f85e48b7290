import { describe, expect, test } from 'vitest';
import type { Key } from './key';
import { bodyOf, changesOf, newKey, rulesFor, valuesOf } from './keyForm';
import { wrongNetworks } from './networks';
import { accessOf, wrongPermissions } from './permissions';

const key: Key = {
  id: '01a2259c-b968-75df-a110-a0e6f7f3e920',
  customer_uuid: '01a2259c-b968-75df-a110-a0e6f7f3e921',
  prefix: 'sk_10SdQUEp',
  name: 'ERP',
  description: null,
  permissions: ['write:*', 'read:*'],
  allowed_networks: ['10.0.0.0/8'],
  rate_limit_requests: 1000,
  rate_limit_period: 'month',
  without_redis: null,
  status: 'active',
  quota_key_id: '01a2259c-b968-75df-a110-a0e6f7f3e920',
  rotated_from: null,
  replaced_by: null,
  created_at: '2026-11-29T04:00:00Z',
  expires_at: null,
  last_used_at: null,
  revoked_at: null,
};

describe('networks', () => {
  test.each(['192.0.2.7', '192.0.2.0/24', '0.0.0.0/0', '2001:db8::1', '2001:DB8::/32', '::/0'])('%s is one', (text) => {
    expect(wrongNetworks([text])).toBeNull();
  });
  test.each(['', 'acme', '192.0.2.0/33', '192.0.2', '192.0.2.0/-1', 'fe80::1%eth0', '1.2.3.4/', '::/129', '192.0.2.7/24', '2001:db8::1/32', '010.0.0.1'])(
    '%s is none',
    (text) => expect(wrongNetworks([text])).not.toBeNull(),
  );
  test('a hundred are enough', () => expect(wrongNetworks(Array.from({ length: 101 }, (_, number) => `10.0.0.${number}`))).toMatch(/at most 100/));
});

describe('permissions', () => {
  test('are an action on a resource or on all', () => {
    expect(wrongPermissions(['read:contacts', 'write:*', 'execute:workflows'])).toBeNull();
    for (const wrong of ['', 'read', 'read:', 'delete:contacts', 'read:Contacts', 'read:a:b', '*:*']) expect(wrongPermissions([wrong])).not.toBeNull();
    expect(wrongPermissions([])).toMatch(/must not be empty/);
  });
  test('are known as one choice in any order', () => {
    expect(accessOf(['write:*', 'read:*'])).toBe('read-write');
    expect(accessOf(['read:contacts'])).toBe('chosen');
  });
});

describe('a key', () => {
  test('is made with what the choice means', () => {
    expect(bodyOf({ ...newKey, name: ' ERP ', access: 'read' })).toMatchObject({ name: 'ERP', permissions: ['read:*'], expires_at: null });
  });
  test('that nobody changed has no changes', () => expect(changesOf(valuesOf(key), key)).toEqual({}));
  test('is changed in nothing but what was written', () => {
    expect(changesOf({ ...valuesOf(key), rate_limit_requests: 5 }, key)).toEqual({ rate_limit_requests: 5 });
    expect(changesOf({ ...valuesOf(key), access: 'chosen', permissions: ['read:deals'] }, key)).toEqual({ permissions: ['read:deals'] });
    expect(changesOf({ ...valuesOf(key), without_redis: 'closed' }, key)).toEqual({ without_redis: 'closed' });
    const declared = { ...key, without_redis: 'closed' };
    expect(changesOf({ ...valuesOf(declared), without_redis: '' }, declared)).toEqual({ without_redis: null });
  });
  test('that has ended is renamed, and ends no sooner or later than it was made to', () => {
    const ended = { ...key, expires_at: '2020-01-01T00:00:00Z' };
    const then = valuesOf(ended);
    const { expires_at: wrong } = rulesFor(then);
    expect(wrong(then.expires_at, { ...then, name: 'Books' })).toBeNull();
    expect(changesOf({ ...then, name: 'Books' }, ended)).toEqual({ name: 'Books' });
    expect(wrong('2021-01-01T00:00', then)).toBe('must be in the future');
    expect(rulesFor(newKey).expires_at('2021-01-01T00:00', { ...newKey, expiry: 'at' })).toBe('must be in the future');
  });
});
