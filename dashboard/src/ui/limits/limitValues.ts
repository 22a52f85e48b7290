import type { Schema } from '@/api/client';
import type { Said } from '../ChangedMeanwhile';
import { type Limit, rateOf, withoutRedis } from './limit';

/** What the form of a limit holds. The fields that the API refuses by name have the API's names. */
export type LimitValues = { customer: string; route: string; kind: string; requests: number | string; period: string; without_redis: string; reason: string };

/** So many requests in a period, or none that are too many, is one thing. */
export const TOGETHER: (keyof LimitValues)[][] = [['kind', 'requests', 'period']];

/** A limit as it is, or what a new one begins with. */
export const valuesOf = (customer: string, limit: Partial<Limit> = {}): LimitValues => ({
  customer,
  route: limit.route ?? '',
  kind: limit.updated_at && limit.requests == null ? 'none' : 'some',
  requests: limit.requests ?? 1000,
  period: limit.period ?? 'minute',
  without_redis: limit.without_redis ?? '',
  reason: limit.reason ?? '',
});

/** The values as the API takes them. */
export function bodyOf({ route, kind, requests, period, without_redis, reason }: LimitValues): Schema<'CustomerLimitBody'> {
  const rate = kind === 'none' ? {} : { requests: Number(requests), period };
  return { route: route.trim() || null, without_redis: without_redis || null, reason: reason.trim() || null, ...rate };
}

/** What the fields are called, and what the limit has there. */
export function wordsOf(limit: Partial<Limit> = {}): Record<keyof LimitValues, Said> {
  const rate: Said = ['Limit', rateOf({ requests: limit.requests ?? null, period: limit.period ?? null })];
  return {
    customer: ['Customer', ''],
    route: ['Route', limit.route ?? ''],
    kind: rate,
    requests: rate,
    period: rate,
    without_redis: ['While Redis is away', withoutRedis(limit.without_redis ?? null)],
    reason: ['Reason', limit.reason ?? ''],
  };
}
