import { useMay } from '@/session/session';
import { Columns } from '@/ui/Columns';
import type { Customer } from '../customer';
import { Backups } from './Backups';
import { ConnectionUrl } from './ConnectionUrl';
import { DataKey } from './DataKey';
import { DatabaseFacts } from './DatabaseFacts';
import { Roles } from './Roles';
import { Tables } from './Tables';

/** The customer's database: where and how it is, how one connects, what is kept of it. */
export default function DatabaseTab({ customer }: { customer: Customer }) {
  const may = useMay();
  return (
    <Columns
      aside={
        <>
          {may('credentials:reveal') && <ConnectionUrl customer={customer} />}
          {may('secrets:read') && <DataKey customer={customer} />}
        </>
      }
    >
      <DatabaseFacts customer={customer} />
      {may('backups:read') && <Backups customer={customer} />}
      <Roles customer={customer} />
      <Tables customer={customer} />
    </Columns>
  );
}
