import type { Schema } from '@/api/client';
import { count } from '@/ui/format';

/** An API key, without the key itself. */
export type Key = Schema<'ApiKeyView'>;

/** 1,000 requests a month. */
export const limitOf = ({ rate_limit_requests, rate_limit_period }: Pick<Key, 'rate_limit_requests' | 'rate_limit_period'>) =>
  `${count(rate_limit_requests)} ${rate_limit_period === 'hour' ? 'an' : 'a'} ${rate_limit_period}`;

/** Whether a key works now. */
export const works = (key: Key) => key.status === 'active' && (key.expires_at == null || Date.parse(key.expires_at) > Date.now());

/** The key that took this one's place, if one among these did. */
export const successorOf = (key: Key, keys: readonly Key[]) => keys.find((other) => other.rotated_from === key.id);
