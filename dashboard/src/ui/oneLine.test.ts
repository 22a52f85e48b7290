import { expect, test } from 'vitest';
import { wrongName } from '@/api/fieldRules';
import { oneLine } from './oneLine';

test('what was pasted over several lines is one the API takes', () => {
  const pasted = 'Ticket 812:\r\na deal\tis missing\n\nsince Monday\u{85}';
  expect(wrongName(pasted, 500)).not.toBeNull();
  expect(oneLine(pasted)).toBe('Ticket 812: a deal is missing  since Monday ');
  expect(wrongName(oneLine(pasted), 500)).toBeNull();
  expect(oneLine('“Zürich” – 2 × 3 👍🏽')).toBe('“Zürich” – 2 × 3 👍🏽');
});
