import { useQueryClient } from '@tanstack/react-query';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { confirm } from '@/ui/confirm';
import { operationChanged } from '@/api/useOperation';
import { type Customer, nameOf, pathOf } from '../customer';

/** Asks before a customer is deleted, and begins it. The page shows the steps then. */
export function useRemoval(customer: Customer): () => void {
  const client = useQueryClient();
  const database = customer.database_name ?? 'their database';
  return () =>
    confirm({
      title: `Delete ${customer.company_name} with everything they have?`,
      consequences: [
        'Every API key of theirs stops working at once.',
        `The database ${database} goes with all organizations, users, contacts and deals in it. Nothing brings it back but a backup.`,
        'Backups stay until they are 14 days old; one can be restored into a new customer.',
        `The customerId ${nameOf(customer)} stays taken. The audit log and the usage stay.`,
        'A deletion that has begun can’t be taken back.',
      ],
      word: nameOf(customer),
      act: 'Delete for good',
      run: async () => {
        // What is deleted is what was read a moment ago: not somebody who was changed meanwhile.
        const { error, response } = await api.GET('/api/admin/customers/{customer}', { params: pathOf(customer) });
        if (error !== undefined) throw error;
        const etag = response.headers.get('ETag');
        await taken(api.DELETE('/api/admin/customers/{customer}', { params: { ...pathOf(customer), header: { 'If-Match': etag } } }));
        operationChanged(client);
      },
    });
}
