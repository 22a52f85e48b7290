import { expect, test } from 'vitest';
import { shownPage } from './shownPage';

test('nothing is said to be there only once it was asked for', () => {
  const none = { data: { data: [] } };
  expect(shownPage({ ...none, isPlaceholderData: true }).data).toBeUndefined();
  expect(shownPage({ ...none, isPlaceholderData: false }).data).toEqual(none.data);
  const some = { data: { data: [1] }, isPlaceholderData: true };
  expect(shownPage(some)).toBe(some);
});
