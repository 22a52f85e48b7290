import type { Schema } from '@/api/client';

/** A customer, as the table has them. */
export type Customer = Schema<'CustomerRowView'>;

/** What a customer is called in addresses. */
export const nameOf = (customer: Customer) => customer.customer_id ?? customer.id;

export const STATUSES = ['active', 'trial', 'suspended', 'expired', 'canceled'];
