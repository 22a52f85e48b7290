import { queries } from '@/api/client';
import { type Customer, pathOf } from '../customer';

/** How the database is now, as it says of itself. It is asked anew each time: nothing tells of its changes. */
export const useDatabase = (customer: Customer) =>
  queries.useQuery('get', '/api/admin/customers/{customer}/database', { params: pathOf(customer) }, { refetchInterval: 30_000 });
