import { expect, test } from 'vitest';
import { exactTime } from './format';
import { partName, piecesOf, spoken } from './parts';

test('a part is called the same everywhere', () => {
  expect(partName('jobs')).toBe('Background jobs');
  expect(partName('redis')).toBe('Redis');
  expect(partName('admin_database')).toBe('Admin database');
});

test('each moment of a sentence is told as people do', () => {
  const [one, other] = ['2026-11-29T03:12:45.123Z', '2026-11-30T03:12:45Z'];
  const detail = `The last one was made at ${one}, the next is due at ${other}.`;
  expect(piecesOf(detail)).toEqual(['The last one was made at ', one, ', the next is due at ', other, '.']);
  expect(spoken(detail)).toBe(`The last one was made at ${exactTime(one)}, the next is due at ${exactTime(other)}.`);
  expect(spoken('It works.')).toBe('It works.');
});
