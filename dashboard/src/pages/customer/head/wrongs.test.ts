import { expect, test } from 'vitest';
import { dayOf } from '@/ui/format';
import type { Customer } from '../customer';
import { wrongsOf } from './wrongs';

const now = Date.parse('2026-11-29T04:00:00Z');
const [trial, paid] = ['2026-12-01T04:00:00Z', '2026-11-20T04:00:00Z'];

/** What is told of how it stands with a customer. */
const told = (customer: Partial<Customer>) => wrongsOf({ instance: {}, ...customer } as Customer, [], undefined, now).map(({ what, more }) => `${what}. ${more}`);

test('the end of a trial is the end of being served', () => {
  const ends = `On ${dayOf(trial)}. Their requests are refused from then on; the data stays.`;
  expect(told({ subscription_status: 'trial', trial_ends_at: trial })).toEqual([`The trial ends in 2 days. ${ends}`]);
  expect(told({ subscription_status: 'trial', trial_ends_at: '2027-12-01T04:00:00Z' })).toEqual([]);
});

test('what has run out is what they had last', () => {
  const over = `It ended on ${dayOf(paid)}. Their requests are refused; the data is kept.`;
  expect(told({ subscription_status: 'expired', trial_ends_at: paid })).toEqual([`The trial is over. ${over}`]);
  expect(told({ subscription_status: 'expired', trial_ends_at: '2026-01-01T04:00:00Z', subscription_started_at: '2026-01-01T04:00:00Z', subscription_ends_at: paid })).toEqual([
    `The subscription has run out. ${over}`,
  ]);
});
