import { useQuery, useQueryClient } from '@tanstack/react-query';
import { askAgain } from '@/api/askAgain';
import { queries, type Schema } from '@/api/client';

/** A customer with what belongs to them. */
export type Customer = Schema<'CustomerDetails'>;

/** By what a customer is found. */
export type CustomerKey = Pick<Customer, 'customer_id' | 'id'>;

/** By what the customer is called in addresses: the customerId, else the UUID. */
export const nameOf = (customer: CustomerKey) => customer.customer_id ?? customer.id;

/** The customer in a path of the API. */
export const pathOf = (customer: CustomerKey) => ({ path: { customer: nameOf(customer) } });

/** Where a part of the customer's page is; the overview needs no name. */
export function addressOf(customer: CustomerKey, tab: string): { to: string; params: Record<string, string> } {
  const name = nameOf(customer);
  if (tab === 'overview') return { to: '/customers/$customer', params: { customer: name } };
  return { to: '/customers/$customer/$tab', params: { customer: name, tab } };
}

/** The question for a customer. */
export const customerQuery = (name: string) => queries.queryOptions('get', '/api/admin/customers/{customer}', { params: { path: { customer: name } } });

/** The customer whom the address names. */
export function useCustomer(name: string) {
  // Never another customer's in the meantime: what is done on the page is done to whom it shows.
  return useQuery({ ...customerQuery(name), placeholderData: undefined });
}

/** Asks again for everything about customers. */
export function useCustomerChanged(): () => Promise<void> {
  const client = useQueryClient();
  return () => askAgain(client, /\/(customers|impersonations|operations|audit-logs|backups)/);
}
