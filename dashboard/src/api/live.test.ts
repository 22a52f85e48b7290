/// <reference types="node" />
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { STALE } from './live';

const document = JSON.parse(readFileSync(join(import.meta.dirname, 'openapi.json'), 'utf8')) as { paths: Record<string, object> };
const asked = Object.keys(document.paths).filter((path) => path.startsWith('/api/admin/') && 'get' in (document.paths[path] ?? {}));
const topicsOf = (path: string) => Object.keys(STALE).filter((topic) => STALE[topic]?.test(path));

test('whatever can be asked is asked again when something tells of it', () => {
  expect(asked.length).toBeGreaterThan(40);
  expect(asked.filter((path) => topicsOf(path).length === 0)).toEqual([
    // What tells; what isn't kept in the database, or is the program's; who one is, which the operators' topic asks by another way.
    '/api/admin/events',
    '/api/admin/health',
    '/api/admin/roles',
    '/api/admin/session',
    '/api/admin/session/openid',
    '/api/admin/session/openid/callback',
    '/api/admin/session/ways',
    '/api/admin/settings',
  ]);
});

test('the members of an organization are told of by what Clerk tells', () => {
  expect(topicsOf('/api/admin/customers/{customer}/users')).toContain('clerk');
});

test('limits are told of with their customer, streams and kept views with their rows of the audit log', () => {
  expect(topicsOf('/api/admin/limits')).toContain('customers');
  expect(topicsOf('/api/admin/customers/{customer}/limits')).toContain('customers');
  expect(topicsOf('/api/admin/audit-streams')).toEqual(['audit']);
  expect(topicsOf('/api/admin/saved-views')).toEqual(['audit']);
});
