import { Button } from '@mantine/core';
import { useEndImpersonation } from '@/app/useEndImpersonation';
import { type Customer, nameOf } from '../customer';

/** Ends an impersonation of one's own. */
export function EndButton({ customer, id }: { customer: Customer; id: string }) {
  const { busy, end } = useEndImpersonation({ customer: nameOf(customer), name: customer.company_name, id });
  return (
    <Button size="compact-xs" variant="default" loading={busy} onClick={end}>
      End it
    </Button>
  );
}
