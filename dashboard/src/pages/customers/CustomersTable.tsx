import { useNavigate } from '@tanstack/react-router';
import { queries } from '@/api/client';
import type { Column, Selection } from '@/ui/DataTable';
import { ListingTable } from '@/ui/ListingTable';
import { usePages } from '@/ui/usePages';
import { type Customer, nameOf } from './customer';
import { NoCustomers } from './NoCustomers';
import { useCustomersSearch } from './search';

/** How many customers a page has. */
const PAGE = 50;

type CustomersTableProps = {
  columns: readonly Column<Customer>[];
  /** The customers that are selected, on this page and others. */
  selected: ReadonlyMap<string, Customer>;
  /** Left out for whoever may do nothing with several. */
  select: ((selected: Map<string, Customer>) => void) | undefined;
};

/** The customers that the address asks for, a page at a time, as the server filtered and sorted them. */
export function CustomersTable({ columns, selected, select }: CustomersTableProps) {
  const navigate = useNavigate();
  const { search, change, filter } = useCustomersSearch();
  const { columns: _, ...asks } = search;
  const pages = usePages(JSON.stringify(asks));
  const asked = { ...filter, limit: PAGE, cursor: pages.cursor };
  // What was seen before is shown at once, and asked for again all the same.
  const query = queries.useQuery('get', '/api/admin/customers', { params: { query: asked } }, { staleTime: 0 });
  const selection: Selection<Customer> | undefined = select && {
    nameOf: (row) => row.company_name,
    selected: new Set(selected.keys()),
    change: (ids) => {
      const known = new Map([...selected, ...(query.data?.data ?? []).map((row): [string, Customer] => [row.id, row])]);
      select(new Map([...known].filter(([id]) => ids.has(id))));
    },
  };
  return (
    <ListingTable
      label="Customers"
      noun="customer"
      columns={columns}
      query={query}
      pages={pages}
      rowKey={(customer) => customer.id}
      sort={filter.sort}
      onSort={(sort) => change({ sort })}
      selection={selection}
      onOpen={(customer) => void navigate({ to: `/customers/${nameOf(customer)}` })}
      empty={<NoCustomers search={search} />}
    />
  );
}
