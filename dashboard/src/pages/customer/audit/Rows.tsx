import { UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import type { Schema } from '@/api/client';
import { actionName } from '@/ui/audit/actions';
import { shortened } from '@/ui/Operator';
import { When } from '@/ui/When';
import { Row } from './Row';
import classes from './Rows.module.css';

type AuditRow = Schema<'AuditLogView'>;

type RowsProps = {
  label: string;
  rows: readonly AuditRow[];
  /** The one that is open. */
  opened: string | undefined;
  toggle: (id: string) => void;
};

/** Audit rows; each opens to what was before and after. */
export function Rows({ label, rows, opened, toggle }: RowsProps) {
  return (
    <ul className={classes.rows} aria-label={label}>
      {rows.map((row) => (
        <li key={row.id}>
          <UnstyledButton className={classes.head} aria-expanded={row.id === opened} onClick={() => toggle(row.id)}>
            <IconChevronRight size={14} aria-hidden className={classes.mark} />
            <span className={classes.action}>{actionName(row.action)}</span>
            <span className={classes.about}>{about(row)}</span>
            <span className={classes.who}>{who(row)}</span>
            <span className={classes.at}>
              <When at={row.created_at} />
            </span>
          </UnstyledButton>
          {row.id === opened && <Row row={row} />}
        </li>
      ))}
    </ul>
  );
}

/** What the row is about, in a few words: the name of what was changed, if the row has it. */
function about({ resource_type: type, resource_id: id, new_values, old_values }: AuditRow): string {
  const values = { ...asObject(old_values), ...asObject(new_values) };
  const name = [values.name, values.module_key, values.company_name].find((value) => typeof value === 'string');
  const kind = type ? actionName(type) : '';
  if (typeof name === 'string') return `${kind} ${name}`;
  return id && type !== 'customer' ? `${kind} ${shortened(id)}` : kind;
}

const who = ({ admin_user_id: id, admin_user_name: name }: AuditRow) => name ?? (id ? shortened(id) : 'The system');

const asObject = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
