import { queries } from '@/api/client';
import { usePages } from '@/ui/usePages';
import type { CustomersSearch, filterOf } from './search';

/** How many customers a page has. */
const PAGE = 50;

/** The customers that the address asks for, a page at a time, as the server filtered and sorted them. */
export function useCustomers(search: CustomersSearch, filter: ReturnType<typeof filterOf>) {
  const { columns: _, ...asks } = search;
  const pages = usePages(JSON.stringify(asks));
  const asked = { ...filter, limit: PAGE, cursor: pages.cursor };
  // What was seen before is shown at once, and asked for again all the same.
  const query = queries.useQuery('get', '/api/admin/customers', { params: { query: asked } }, { staleTime: 0 });
  return { pages, query };
}

/** A page of the customers whom the filter finds. */
export type CustomersFound = ReturnType<typeof useCustomers>;
