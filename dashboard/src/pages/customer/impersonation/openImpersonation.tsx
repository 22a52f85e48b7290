import { openDialog } from '@/ui/dialogs';
import type { Customer } from '../customer';
import { BeginForm } from './BeginForm';

/** Asks why and for how long, then shows the key of the impersonation, once. */
export function openImpersonation(customer: Customer) {
  openDialog({
    title: `Act in the place of ${customer.company_name}`,
    content: (close) => <BeginForm customer={customer} close={close} />,
  });
}
