import { expect, test } from 'vitest';
import { cursorIn, markOf } from './usePages';

test('a page belongs to one filter', () => {
  const mark = markOf('{"status":"trial"}');
  expect(mark).toMatch(/^[a-z0-9]{1,7}$/);
  expect(mark).not.toBe(markOf('{"status":"active"}'));
  expect(cursorIn(`${mark}.eyJ.x`, mark)).toBe('eyJ.x');
  expect(cursorIn(`${mark}.eyJ.x`, markOf(''))).toBeUndefined();
  expect(cursorIn(undefined, mark)).toBeUndefined();
  expect(cursorIn(mark, mark)).toBeUndefined();
});
