import { type Customer, nameOf } from '../customer';
import { ApiKeys } from './ApiKeys';

/** The customer's API keys. */
export default function KeysTab({ customer }: { customer: Customer }) {
  return <ApiKeys customer={nameOf(customer)} />;
}
