import { Autocomplete } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { queries } from '@/api/client';
import { shownPart } from '@/api/shownPart';

type CustomerFieldProps = { value?: string; onChange?: (value: string) => void; error?: ReactNode };

/** Names a customer by the customerId; finds them by any part of a name. */
export function CustomerField({ value = '', ...field }: CustomerFieldProps) {
  const [typed] = useDebouncedValue(value.trim(), 150);
  const q = shownPart(typed);
  const { data } = queries.useQuery('get', '/api/admin/search', { params: { query: { q } } }, { enabled: q !== '', refetchInterval: false });
  const found = [...new Set(data?.customers.map((customer) => customer.customer_id ?? customer.id))];
  return (
    <Autocomplete
      label="Customer"
      description="The customerId; part of the name finds it"
      data-autofocus
      required
      withAsterisk={false}
      data={found}
      // What the server found fits, by whichever name.
      filter={({ options }) => options}
      value={value}
      {...field}
    />
  );
}
