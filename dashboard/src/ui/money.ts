import { money } from './format';

/** What has a price in the price list; null is none. */
export type Priced = { base_price_monthly: string | null; currency: string };

/** What these cost a month, in whole cents: decimals of two places don't add up as binary fractions. */
export const centsAMonth = (priced: readonly Pick<Priced, 'base_price_monthly'>[]) =>
  priced.reduce((sum, { base_price_monthly: price }) => sum + Math.round(Number(price ?? 0) * 100), 0);

/** Whole cents as money: $29.99 USD. */
export const moneyOf = (cents: number, currency?: string) => money((cents / 100).toFixed(2), currency);

/** What these cost a month together. */
export const priceAMonth = (priced: readonly Priced[]) => moneyOf(centsAMonth(priced), priced[0]?.currency);
