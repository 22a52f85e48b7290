import { Select } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useMay } from '@/session/session';
import { FilterText } from '@/ui/FilterText';
import { useOperatorNames } from '@/ui/Operator';
import { actorChoices } from './actorChoices';

type ActorFilterProps = { value: string | undefined; error: ReactNode; onFilter: (value: string | null) => void };

/** Chooses who did it: by name for whoever may see the operators, else by id. */
export function ActorFilter({ value, error, onFilter }: ActorFilterProps) {
  const names = useOperatorNames();
  const [typed, setTyped] = useState('');
  const seesNames = useMay()('operators:read');
  if (!seesNames) return <FilterText label="Who" placeholder="Operator’s id" value={value} error={error} onFilter={onFilter} />;
  return (
    <Select
      size="xs"
      label="Who"
      placeholder="Anybody"
      searchable
      clearable
      clearButtonProps={{ 'aria-label': 'Anybody' }}
      nothingFoundMessage="Nobody here is called so; an id finds everybody"
      data={actorChoices(names, value, typed)}
      onSearchChange={setTyped}
      value={value ?? null}
      error={error}
      onChange={onFilter}
    />
  );
}
