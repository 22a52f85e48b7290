import { Select } from '@mantine/core';
import { useMay } from '@/session/session';
import { FilterText } from '@/ui/FilterText';
import { useOperatorNames } from '@/ui/Operator';

/** Chooses who did it: by name for whoever may see the operators, else by id. */
export function ActorFilter({ value, onFilter }: { value: string | undefined; onFilter: (value: string | null) => void }) {
  const names = useOperatorNames();
  const seesNames = useMay()('operators:read');
  if (!seesNames) return <FilterText label="Who" placeholder="Operator’s id" value={value} onFilter={onFilter} />;
  const data = [{ value: 'bootstrap', label: 'The configured token' }, ...[...names].map(([id, name]) => ({ value: id, label: name }))];
  if (value && !data.some((one) => one.value === value)) data.push({ value, label: value });
  return (
    <Select
      size="xs"
      label="Who"
      placeholder="Anybody"
      searchable
      clearable
      clearButtonProps={{ 'aria-label': 'Anybody' }}
      nothingFoundMessage="No operator is called so"
      data={data}
      value={value ?? null}
      onChange={onFilter}
    />
  );
}
