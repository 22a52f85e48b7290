import { Button, Select } from '@mantine/core';
import { CustomerFilter } from '@/ui/CustomerFilter';
import { Filters } from '@/ui/Filters';
import { FilterText } from '@/ui/FilterText';
import { ACTION_GROUPS } from '@/ui/audit/actions';
import { ActorFilter } from './ActorFilter';
import type { AuditFilterState } from './useAuditFilter';

type AuditFiltersProps = {
  filter: AuditFilterState;
  /** What the server refused of it, by the API's names. */
  refused: Record<string, string> | null;
};

/** Words, who, what, about whom and about which thing. */
export function AuditFilters({ filter, refused }: AuditFiltersProps) {
  const { fields, change, clear, isFiltered } = filter;
  return (
    <Filters label="Search the audit log">
      <FilterText label="Words" placeholder="In the reason, in values" maxLength={200} value={fields.q} error={refused?.q} onFilter={(value) => change({ q: value }, true)} />
      <Select
        size="xs"
        label="Action"
        placeholder="Any"
        searchable
        clearable
        clearButtonProps={{ 'aria-label': 'Any action' }}
        nothingFoundMessage="No action is called so"
        data={ACTION_GROUPS}
        value={fields.action ?? null}
        error={refused?.action}
        onChange={(value) => change({ action: value })}
        maxDropdownHeight={360}
      />
      <ActorFilter value={fields.actor} error={refused?.admin_user_id} onFilter={(value) => change({ actor: value })} />
      <CustomerFilter value={fields.customer} error={refused?.customer} onFilter={(value) => change({ customer: value })} />
      <FilterText label="Kind of thing" placeholder="api_key" value={fields.resource_type} error={refused?.resource_type} onFilter={(value) => change({ resource_type: value }, true)} />
      <FilterText label="Its id" placeholder="UUID or name" value={fields.resource_id} error={refused?.resource_id} onFilter={(value) => change({ resource_id: value }, true)} />
      {isFiltered && (
        <Button variant="subtle" onClick={clear}>
          Show all
        </Button>
      )}
    </Filters>
  );
}
