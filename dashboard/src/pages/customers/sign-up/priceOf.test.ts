import { expect, test } from 'vitest';
import { priceOf } from './priceOf';

test('only what every plan has is said to be in every plan', () => {
  const listed = (base_price_monthly: string, enabled_by_default: boolean) => priceOf({ base_price_monthly, currency: 'USD', enabled_by_default });
  expect(listed('0.00', true)).toBe('In every plan');
  expect(listed('0.00', false)).toBe('$0.00 USD');
  expect(listed('9.99', true)).toBe('$9.99 USD');
});
