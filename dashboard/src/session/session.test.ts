import { QueryClient } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { forgetShown } from './session';

test('whoever comes after finds nothing of what was asked and answered', async () => {
  const client = new QueryClient();
  client.setQueryData(['session'], { name: 'Ada' });
  client.setQueryData(['get', '/api/admin/customers', {}], { data: [{ company_name: 'Acme' }] });
  await client.getMutationCache().build(client, { mutationKey: ['chain-proof'], gcTime: Infinity, mutationFn: async () => ({ rows: 12 }) }).execute(undefined);
  expect(client.getMutationCache().getAll()).toHaveLength(1);
  forgetShown(client);
  expect(client.getQueryData(['session'])).toBeNull();
  expect(client.getQueryCache().getAll()).toHaveLength(1);
  expect(client.getMutationCache().getAll()).toEqual([]);
});
