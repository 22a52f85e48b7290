import type { Schema } from '@/api/client';
import { count } from '@/ui/format';
import { periodOf } from './period';

/** An API key, without the key itself. */
export type Key = Schema<'ApiKeyView'>;

/** The listing of a customer's keys. */
export const KEYS = '/api/admin/customers/{customer}/api-keys';

/** 1,000 a month. */
export const limitOf = ({ rate_limit_requests, rate_limit_period }: Pick<Key, 'rate_limit_requests' | 'rate_limit_period'>) =>
  `${count(rate_limit_requests)} ${periodOf(rate_limit_period)}`;

/** Whether a key works now. */
export const works = (key: Key) => key.status === 'active' && (key.expires_at == null || Date.parse(key.expires_at) > Date.now());

/** Whether another key can be put in its place: once, while it works. */
export const canBeRotated = (key: Key) => works(key) && key.replaced_by === null;

/** What can be done with a key. */
export type KeyActions = { rotate: (key: Key) => void; edit: (key: Key) => void; revoke: (key: Key) => void };
