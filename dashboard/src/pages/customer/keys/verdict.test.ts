import { expect, test } from 'vitest';
import { exactTime } from '@/ui/format';
import { verdictOf } from './verdict';

const said = (requests: number, refused: number, first_refused_at: string | null = null) =>
  verdictOf({ requests, refused, refused_share: refused / requests, first_refused_at }, '5 a month').join('');

test('what a limit would have refused is told of one request as of many', () => {
  expect(said(1, 0)).toBe('With 5 a month, none of 1 request would have been refused.');
  expect(said(1200, 0)).toBe('With 5 a month, none of 1,200 requests would have been refused.');
  expect(said(1, 1)).toBe('With 5 a month, 1 of 1 request (100%) would have been refused.');
  const at = '2026-11-29T03:12:45Z';
  expect(said(1200, 300, at)).toBe(`With 5 a month, 300 of 1,200 requests (25%) would have been refused, the first at ${exactTime(at)}.`);
});
