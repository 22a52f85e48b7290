import { Columns } from '@/ui/Columns';
import type { Customer } from '../customer';
import { Modules } from './Modules';
import { Plan } from './Plan';

/** What they bought, and which modules they have. */
export default function ModulesTab({ customer }: { customer: Customer }) {
  return (
    <Columns aside={<Plan customer={customer} />}>
      <Modules customer={customer} />
    </Columns>
  );
}
