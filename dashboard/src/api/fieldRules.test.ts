/// <reference types="node" />
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { wrongEmail, wrongName } from './fieldRules';

// The API is tested with the same cases.
const CASES = join(import.meta.dirname, '../../../crates/control-plane/customers/src/field/cases.json');
const { names, emails } = JSON.parse(readFileSync(CASES, 'utf8')) as {
  names: { longest: number; taken: string[]; refused: string[] };
  emails: { taken: string[]; refused: string[] };
};

test('names are taken and refused as the API does', () => {
  expect(names.taken.filter((name) => wrongName(name, names.longest) !== null)).toEqual([]);
  expect(names.refused.filter((name) => wrongName(name, names.longest) === null)).toEqual([]);
});

test('e-mail addresses are taken and refused as the API does', () => {
  expect(emails.taken.length + emails.refused.length).toBeGreaterThan(40);
  expect(emails.taken.filter((email) => wrongEmail(email) !== null)).toEqual([]);
  expect(emails.refused.filter((email) => wrongEmail(email) === null)).toEqual([]);
});
