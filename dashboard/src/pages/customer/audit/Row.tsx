import type { Schema } from '@/api/client';
import { Differences } from '@/ui/audit/Differences';
import { CopyValue } from '@/ui/CopyValue';
import { exactTime } from '@/ui/format';
import classes from './Rows.module.css';

/** One audit row in full: from where, with what, and the values before and after. */
export function Row({ row }: { row: Schema<'AuditLogView'> }) {
  return (
    <div className={classes.body}>
      <p className={classes.from}>
        {exactTime(row.created_at)} · {row.ip_address ? `from ${row.ip_address}` : 'from the system itself'}
        {row.user_agent && ` by ${row.user_agent}`}
      </p>
      <Differences before={row.old_values} after={row.new_values} />
      <p className={classes.from}>
        Row <CopyValue value={row.id} label="id of the row" />
        {row.resource_id && (
          <>
            {' '}
            about <CopyValue value={row.resource_id} label="id of what it is about" />
          </>
        )}
      </p>
    </div>
  );
}
