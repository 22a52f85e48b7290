import { openDialog } from '@/ui/dialogs';
import type { Customer } from '../customer';
import { ChangeForm } from './ChangeForm';
import { ResetForm } from './ResetForm';
import type { Held } from './useModules';

/** Shows what turning a module on or off would do, then does it. Without `turn`: why it is as it is, until when, and how much of it. */
export function openChange(customer: Customer, module: Held, turn?: boolean) {
  const act = turn === undefined ? `${module.name} for` : `Turn ${module.name} ${turn ? 'on' : 'off'} for`;
  openDialog({
    title: `${act} ${customer.company_name}`,
    size: '560px',
    content: (close) => <ChangeForm customer={customer} module={module} turn={turn} close={close} />,
  });
}

/** The same for taking back what was decided. */
export function openReset(customer: Customer, module: Held) {
  openDialog({
    title: `${module.name} as the plan of ${customer.company_name} says`,
    size: '560px',
    content: (close) => <ResetForm customer={customer} module={module} close={close} />,
  });
}
