import type { Schema } from '@/api/client';
import { Operator } from '@/ui/Operator';

/** The operator in whose hands a customer's place was, if a row is about that; else null. */
export function placeholderOf(entry: Schema<'AuditLogView'>): string | null {
  if (entry.action !== 'impersonation_started' && entry.action !== 'impersonation_ended') return null;
  const told = entry.new_values as { operator_id?: unknown } | null;
  return typeof told?.operator_id === 'string' ? told.operator_id : (entry.admin_user_id ?? null);
}

/** Who did it; and when an operator acts in a customer's place, both of them. */
export function ActedFor({ entry, customer }: { entry: Schema<'AuditLogView'>; customer: string }) {
  const operator = placeholderOf(entry);
  if (operator === null) {
    // Customers' callers who were refused are told of by the system, some minutes later.
    const isCaller = entry.action === 'access_denied' && entry.admin_user_id == null && entry.resource_type === 'api_key';
    return isCaller ? <span>Callers with a key</span> : <Operator id={entry.admin_user_id} known={entry.admin_user_name} />;
  }
  return (
    <span>
      <Operator id={operator} known={operator === entry.admin_user_id ? entry.admin_user_name : undefined} /> as {customer}
      {operator !== entry.admin_user_id && (
        <>
          {' '}
          (ended by <Operator id={entry.admin_user_id} known={entry.admin_user_name} />)
        </>
      )}
    </span>
  );
}
