import { expect, test } from 'vitest';
import { questions } from './questions';
import { workOf } from './workOf';

const of = (...statuses: string[]) => statuses.map((status, place) => ({ id: `${status} ${place}`, status }));
const shown = (unfinished: string[], newest: string[], room = 6) => workOf(of(...unfinished), of(...newest), room).map(({ status }) => status);

test('what somebody should look at comes first, then what goes on, then what is over', () => {
  expect(shown(['queued', 'running', 'dead'], ['succeeded', 'failed'])).toEqual(['dead', 'running', 'queued', 'succeeded', 'failed']);
});

test('what failed is over: it was put right or taken back, and hides nothing that goes on', () => {
  expect(shown(['running'], ['failed', 'failed', 'failed', 'failed', 'failed', 'failed'], 3)).toEqual(['running', 'failed', 'failed']);
});

test('the newest ones are told once, though they aren’t over', () => {
  expect(workOf(of('running'), [...of('running'), { id: 'other', status: 'canceled' }], 6).map(({ id }) => id)).toEqual(['running 0', 'other']);
});

test('all that aren’t over are asked for, however old they are', () => {
  expect(questions.unfinished().query.status.split(',').sort()).toEqual(['dead', 'queued', 'running']);
});
