import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMay } from '@/session/session';
import { Empty } from '@/ui/Empty';
import type { CustomersSearch } from './search';

/** Why the table is empty, and what would change it. */
export function NoCustomers({ search }: { search: CustomersSearch }) {
  const mayWrite = useMay()('customers:write');
  const { sort: _order, columns: _columns, ...filters } = search;
  if (Object.keys(filters).length > 0) {
    return <Empty title="No customer is like that">{search.q ? `“${search.q}” is no part of a name, id or e-mail address with these filters.` : 'Take a filter away to see more.'}</Empty>;
  }
  const signUp = (
    <Button component={Link} to="/customers/new">
      Sign a customer up
    </Button>
  );
  return (
    <Empty title="There is no customer yet" action={mayWrite ? signUp : undefined}>
      Whoever signs up gets a database of their own, a trial and an API key.
    </Empty>
  );
}
