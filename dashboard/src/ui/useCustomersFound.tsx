import { useDebouncedValue } from '@mantine/hooks';
import { queries } from '@/api/client';
import { shownPart } from '@/api/shownPart';
import classes from './CustomerField.module.css';

/**
 * The customers who are called so, by any part of a name: what a field offers to choose from. `isSettled` says that they are those of the
 * present text, not of the one before.
 */
export function useCustomersFound(text: string) {
  const wanted = text.trim();
  const [typed] = useDebouncedValue(wanted, 150);
  const q = shownPart(typed);
  const { data, isPlaceholderData } = queries.useQuery('get', '/api/admin/search', { params: { query: { q } } }, { enabled: q !== '', refetchInterval: false });
  const companies = new Map((q === '' ? [] : (data?.customers ?? [])).map((customer) => [customer.customer_id ?? customer.id, customer.company_name]));
  const found = [...companies.keys()];
  return {
    found,
    isSettled: typed === wanted && (q === '' || (data !== undefined && !isPlaceholderData)),
    offers: {
      data: found,
      // What the server found fits, by whichever name.
      filter: <Option,>({ options }: { options: Option }) => options,
      renderOption: ({ option }: { option: { value: string } }) => (
        <span>
          {option.value} <span className={classes.company}>{companies.get(option.value)}</span>
        </span>
      ),
    },
  };
}
