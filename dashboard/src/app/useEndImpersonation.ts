import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { askAgain } from '@/api/askAgain';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { complain, say } from '@/ui/notify';

/** Ends an impersonation of one's own: whose place it is, and which one. */
export function useEndImpersonation({ customer, name, id }: { customer: string; name: string; id: string }) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const end = async () => {
    setBusy(true);
    try {
      await taken(api.POST('/api/admin/customers/{customer}/impersonations/{id}/end', { params: { path: { customer, id } } }));
      say(`You act in the place of ${name} no more`);
    } catch (error) {
      complain(error);
    }
    setBusy(false);
    await askAgain(client, /\/(impersonations|audit-logs|timeline)/);
  };
  return { busy, end: () => void end() };
}
