import type { QueryClient } from '@tanstack/react-query';
import { api } from '@/api/client';
import { optimistically } from '@/api/optimistic';
import { taken } from '@/api/taken';
import { confirm } from '@/ui/confirm';
import { ago } from '@/ui/format';
import { say } from '@/ui/notify';
import { type Key, KEYS } from './key';
import { keysChanged } from './keysChanged';

/** Takes a key back for good, after the beginning of it was typed. */
export function revokeKey(client: QueryClient, customer: string, key: Key) {
  confirm({
    title: `Revoke ${key.name}`,
    consequences: [
      'Every request with this key is refused from now on, with 401.',
      key.last_used_at ? `It was last used ${ago(key.last_used_at)}: whoever uses it will notice.` : 'It was never used.',
      'It can’t be taken back. A new key can be made instead; to change over without a gap, rotate it.',
    ],
    word: key.prefix,
    act: 'Revoke the key',
    run: async () => {
      const params = { path: { customer, id: key.id } };
      await optimistically<Key, unknown>(client, { path: KEYS, of: { customer } }, (row) => (row.id === key.id ? { ...row, status: 'revoked' } : row), () =>
        taken(api.POST('/api/admin/customers/{customer}/api-keys/{id}/revoke', { params })),
      );
      keysChanged(client);
      say('The key was revoked', `${key.name} (${key.prefix}…) opens nothing any more.`);
    },
  });
}
