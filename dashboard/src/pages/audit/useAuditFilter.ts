import { useAddress } from '@/ui/address';
import { rangeQuery, useRange } from '@/ui/range';

/** What the audit page's address asks for, as the API's parameters. */
export function useAuditFilter() {
  const [fields, change] = useAddress('q', 'action', 'actor', 'customer', 'resource_type', 'resource_id', 'entry', 'proof');
  const range = useRange('365d');
  const { q, action, actor, customer, resource_type, resource_id } = fields;
  const chosen = { q, action, admin_user_id: actor, customer, resource_type, resource_id };
  return {
    chosen,
    query: { ...chosen, ...rangeQuery(range) },
    fields,
    change,
    range,
    isFiltered: Object.values(chosen).some((value) => value !== undefined),
    clear: () => change({ q: null, action: null, actor: null, customer: null, resource_type: null, resource_id: null }),
  };
}

export type AuditFilterState = ReturnType<typeof useAuditFilter>;
