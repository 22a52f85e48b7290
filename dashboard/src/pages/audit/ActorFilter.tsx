import { Select } from '@mantine/core';
import type { ReactNode } from 'react';
import { useMay } from '@/session/session';
import { FilterText } from '@/ui/FilterText';
import { useOperatorNames } from '@/ui/Operator';

type ActorFilterProps = { value: string | undefined; error: ReactNode; onFilter: (value: string | null) => void };

/** Chooses who did it: by name for whoever may see the operators, else by id. */
export function ActorFilter({ value, error, onFilter }: ActorFilterProps) {
  const names = useOperatorNames();
  const seesNames = useMay()('operators:read');
  if (!seesNames) return <FilterText label="Who" placeholder="Operator’s id" value={value} error={error} onFilter={onFilter} />;
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
      error={error}
      onChange={onFilter}
    />
  );
}
