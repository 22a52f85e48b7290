import { expect, test } from 'vitest';
import { actorChoices } from './actorChoices';

const ADA = '018f6d6e-0000-7000-8000-0000000000ad';
const BEN = '018f6d6e-0000-7000-8000-0000000000be';
const names = new Map([[ADA, 'Ada']]);
const ofNames = [{ value: 'bootstrap', label: 'The configured token' }, { value: ADA, label: 'Ada' }];

test('operators are chosen by their names', () => {
  expect(actorChoices(names, undefined, '')).toEqual(ofNames);
  expect(actorChoices(names, ADA, 'Ada')).toEqual(ofNames);
  expect(actorChoices(names, undefined, ADA)).toEqual(ofNames);
});

test('whoever isn’t among those whose names are known is chosen by the id', () => {
  const withBen = [...ofNames, { value: BEN, label: BEN }];
  expect(actorChoices(names, BEN, '')).toEqual(withBen);
  expect(actorChoices(names, undefined, ` ${BEN.toUpperCase()} `)).toEqual(withBen);
  expect(actorChoices(names, BEN, BEN)).toEqual(withBen);
  expect(actorChoices(names, undefined, BEN.slice(0, 20))).toEqual(ofNames);
});
