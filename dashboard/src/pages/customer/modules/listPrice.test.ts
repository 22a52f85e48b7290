import { expect, test } from 'vitest';
import { listPriceOf } from './listPrice';
import type { Held } from './useModules';

const listed = (base_price_monthly: string) => ({ base_price_monthly, currency: 'EUR' }) as Held['listed'];

test('the price is that of what is on', () => {
  expect(listPriceOf([{ enabled: true, listed: listed('9.99') }, { enabled: true, listed: listed('0.01') }, { enabled: false, listed: listed('5.00') }])).toBe('€10.00 EUR');
});

test('nothing is said to be free because its price isn’t known', () => {
  expect(listPriceOf([{ enabled: true }, { enabled: true }])).toBeNull();
  expect(listPriceOf([{ enabled: true, listed: listed('9.99') }, { enabled: true }])).toBeNull();
  expect(listPriceOf([{ enabled: true, listed: listed('9.99') }, { enabled: false }])).toBe('€9.99 EUR');
});
