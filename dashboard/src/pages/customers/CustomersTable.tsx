import { useNavigate } from '@tanstack/react-router';
import type { Column, Selection } from '@/ui/DataTable';
import { ListingTable } from '@/ui/ListingTable';
import { type Customer, nameOf } from './customer';
import { NoCustomers } from './NoCustomers';
import { useCustomersSearch } from './search';
import type { CustomersFound } from './useCustomers';

type CustomersTableProps = {
  found: CustomersFound;
  columns: readonly Column<Customer>[];
  /** The customers that are selected, on this page and others. */
  selected: ReadonlyMap<string, Customer>;
  /** Left out for whoever may do nothing with several. */
  select: ((selected: Map<string, Customer>) => void) | undefined;
};

/** A page of the customers that the address asks for. */
export function CustomersTable({ found: { query, pages }, columns, selected, select }: CustomersTableProps) {
  const navigate = useNavigate();
  const { search, change, filter } = useCustomersSearch();
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
