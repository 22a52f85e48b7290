import { expect, test } from 'vitest';
import { centsAMonth, moneyOf, priceAMonth } from './money';

const priced = (...prices: (string | null)[]) => prices.map((base_price_monthly) => ({ base_price_monthly, currency: 'EUR' }));

test('prices are added as whole cents', () => {
  expect(centsAMonth(priced('0.10', '0.20'))).toBe(30);
  expect(centsAMonth(priced('19.99', '1.15', '0.07', null))).toBe(2121);
  expect(priceAMonth(priced('0.10', '0.20'))).toBe('€0.30 EUR');
  expect(priceAMonth([])).toBe('$0.00 USD');
  expect(moneyOf(2999)).toBe('$29.99 USD');
});
