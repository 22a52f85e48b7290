import { useMay } from '@/session/session';
import { Columns } from '@/ui/Columns';
import type { Customer } from '../customer';
import { CustomerFacts } from './CustomerFacts';
import { Operations } from './Operations';
import { Timeline } from './Timeline';
import { UsageInSmall } from './UsageInSmall';

/** What happened, what happens, and who they are. */
export default function Overview({ customer }: { customer: Customer }) {
  const may = useMay();
  return (
    <Columns
      aside={
        <>
          {may('usage:read') && <UsageInSmall customer={customer} />}
          <CustomerFacts customer={customer} />
        </>
      }
    >
      <Operations customer={customer} />
      {may('audit:read') && <Timeline customer={customer} />}
    </Columns>
  );
}
