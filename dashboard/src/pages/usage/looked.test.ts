import { expect, test } from 'vitest';
import { lookedFor } from './looked';

/** A cursor as the API writes it. */
const cursor = (value: unknown) => Buffer.from(JSON.stringify({ s: '-created_at', v: value, i: '00000000-0000-0000-0000-000000000000' })).toString('base64url');
const moment = '2026-11-29T03:12:45.000001Z';

test('a page that ended before it was full says how far back it looked', () => {
  expect(lookedFor({ data: [], next_cursor: cursor(moment) }, 50)).toEqual({ backTo: moment });
  expect(lookedFor({ data: [1, 2], next_cursor: cursor(moment) }, 50)).toEqual({ backTo: moment });
});

test('a full page, and one with nothing after it, have looked at everything', () => {
  expect(lookedFor({ data: [1, 2], next_cursor: cursor(moment) }, 2)).toBeUndefined();
  expect(lookedFor({ data: [], next_cursor: null }, 50)).toBeUndefined();
});

test('a cursor that says no moment leaves it out', () => {
  for (const other of [cursor('acme'), cursor(7), cursor('2026-99-99T99:99:99Z'), 'bnVsbA', 'é', 'x']) {
    expect(lookedFor({ data: [], next_cursor: other }, 50)).toEqual({ backTo: undefined });
  }
});
