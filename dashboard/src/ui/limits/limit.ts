import type { QueryClient } from '@tanstack/react-query';
import { askAgain } from '@/api/askAgain';
import type { Schema } from '@/api/client';
import { many, words } from '../format';
import { WITHOUT_REDIS } from './withoutRedis';

/** A limit of one customer's own. */
export type Limit = Schema<'CustomerLimitView'>;

export const PERIODS = ['minute', 'hour', 'day', 'month'] as const;

/** So many requests in a period, or no limit at all. */
export type Rate = Pick<Limit, 'requests' | 'period'>;

/** What holds for everybody. */
export type GeneralLimit = Rate & Pick<Limit, 'without_redis'>;

/** 12,000 requests a minute. */
export const rateOf = ({ requests, period }: Rate) =>
  requests == null || period == null ? 'Without limit' : `${many(requests, 'request')} ${period === 'hour' ? 'an' : 'a'} ${period}`;

/** What a limit does while Redis is away, in words; null is as the configuration says. */
export const withoutRedis = (value: string | null) => (value === null ? 'As configured' : (WITHOUT_REDIS[value] ?? words(value)));

/** Has everything asked for again that shows limits. */
export const limitsChanged = (client: QueryClient) => askAgain(client, /\/(limits|timeline|audit-logs)/);

/**
 * The limit that setting one would replace without a word: there is one on this route, and it isn't the one that was `seen`. Null when
 * there is none.
 */
export const unseen = <One extends Pick<Limit, 'route' | 'updated_at'>>(limits: readonly One[], route: string | null, seen: string | undefined): One | null =>
  limits.find((limit) => limit.route === route && limit.updated_at !== seen) ?? null;
