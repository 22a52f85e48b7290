import { queries } from '@/api/client';
import { type Customer, nameOf } from './customer';

/** How many of a customer's operations are looked at: there are few in a customer's life. */
const LIMIT = 20;

/** The newest operations on a customer, without their steps. */
export function useOperations(customer: Customer) {
  return queries.useQuery('get', '/api/admin/operations', { params: { query: { customer: nameOf(customer), limit: LIMIT } } });
}
