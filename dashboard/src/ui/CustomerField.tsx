import { Autocomplete, type AutocompleteProps } from '@mantine/core';
import { useCustomersFound } from './useCustomersFound';

/** Names a customer by the customerId; finds them by any part of a name. */
export function CustomerField({ value = '', ...field }: Omit<AutocompleteProps, 'data' | 'filter' | 'renderOption'>) {
  const { offers } = useCustomersFound(value);
  return <Autocomplete label="Customer" description="The customerId; part of the name finds it" maxLength={200} value={value} {...field} {...offers} />;
}
