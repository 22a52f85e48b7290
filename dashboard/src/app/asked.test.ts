import { expect, test } from 'vitest';
import { pages } from '@/navigation';
import { askedOf, fits } from './asked';

const LABELS = pages.flatMap((page) => page.actions?.({ customer: '' }) ?? []).filter(({ params }) => params?.customer !== undefined).map(({ label, also }) => `${label} ${also ?? ''}`);

test('an act and whom it is about are told apart, in whatever order', () => {
  expect(askedOf('suspend acme', LABELS)).toEqual({ act: 'suspend', name: 'acme' });
  expect(askedOf('Acme  Corp suspend', LABELS)).toEqual({ act: 'suspend', name: 'acme corp' });
  expect(askedOf('back up the database of acme', LABELS)).toEqual({ act: 'back up database', name: 'acme' });
  expect(askedOf('acme: suspend or', LABELS)).toEqual({ act: 'suspend or', name: 'acme' });
  // While it is typed.
  expect(askedOf('susp harbour-9', LABELS)).toEqual({ act: 'susp', name: 'harbour-9' });
});

test('what is only a name, or only an act, is taken as it is', () => {
  expect(askedOf('acme', LABELS)).toEqual({ act: '', name: '' });
  expect(askedOf('suspend', LABELS)).toEqual({ act: '', name: '' });
  expect(askedOf('', LABELS)).toEqual({ act: '', name: '' });
  // Of no customer who is there.
  expect(askedOf('sign a customer', LABELS)).toEqual({ act: '', name: '' });
});

test('a customer may be called as an act is', () => {
  expect(askedOf('suspend export', LABELS)).toEqual({ act: 'suspend export', name: 'export' });
});

test('every act with a customer is found by its own words and their name', () => {
  expect(LABELS.length).toBeGreaterThan(10);
  for (const label of LABELS) {
    const words = label.replace(/^: /, '').split(' ').slice(0, 2).join(' ');
    const { act, name } = askedOf(`${words} zebra`, LABELS);
    expect(name).toBe('zebra');
    expect(fits(act)(label)).toBe(true);
  }
});
