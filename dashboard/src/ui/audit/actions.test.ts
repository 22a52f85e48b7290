/// <reference types="node" />
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ACTION_GROUPS, actionName } from './actions';

/** The actions as the server knows them. */
function known(): string[] {
  const source = readFileSync(join(import.meta.dirname, '../../../../crates/foundation/domain/src/audit.rs'), 'utf8');
  const listed = /AuditAction \{([^}]*)\}/.exec(source)?.[1] ?? '';
  return [...listed.matchAll(/^\s*\w+ = "(\w+)",$/gm)].map(([, action]) => action ?? '');
}

test('every action that the server writes can be chosen, and no other', () => {
  const offered = ACTION_GROUPS.flatMap(({ items }) => items.map(({ value }) => value));
  expect(known().length).toBeGreaterThan(40);
  expect(offered.toSorted()).toEqual(known().toSorted());
});

test('actions are called as people call them', () => {
  expect(actionName('certificate_authorities_changed')).toBe('Certificate authorities changed');
  expect(actionName('api_key_created')).toBe('API key created');
});
