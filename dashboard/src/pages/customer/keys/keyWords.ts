import type { Said } from '@/ui/ChangedMeanwhile';
import { count, exactTime } from '@/ui/format';
import { withoutRedisChoices } from '@/ui/limits/withoutRedis';
import type { Key } from './key';
import type { KeyValues } from './keyForm';
import { periodOf } from './period';
import { permissionsInWords } from './permissions';

/** What the fields of a key's form are called, and what the key has there, in words. */
export function wordsOf(key: Key): Record<keyof KeyValues, Said> {
  const access: Said = ['May do', permissionsInWords(key.permissions)];
  const end: Said = ['Ends', key.expires_at ? exactTime(key.expires_at) : 'Never'];
  return {
    name: ['Name', key.name],
    description: ['Description', key.description ?? ''],
    access,
    permissions: access,
    allowed_networks: ['From these networks', key.allowed_networks.join(', ') || 'Everywhere'],
    rate_limit_requests: ['Limit', count(key.rate_limit_requests)],
    rate_limit_period: ['Period', periodOf(key.rate_limit_period)],
    without_redis: ['While Redis is away', withoutRedisChoices.find(({ value }) => value === (key.without_redis ?? ''))?.label ?? ''],
    expiry: end,
    expires_at: end,
  };
}
