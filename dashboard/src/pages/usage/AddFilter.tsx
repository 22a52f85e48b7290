import { Button, Popover, Select, Stack, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { shownPart } from '@/api/shownPart';
import { type FilterName, FILTERS } from '@/api/usageGroups';
import { CustomerFilter } from '@/ui/CustomerFilter';

const EXAMPLES: Record<Exclude<FilterName, 'customer'>, string> = {
  api_key_id: 'The key’s UUID',
  method: 'GET',
  endpoint: '/api/v1/deals/{id}',
  status_code: '404',
  outcome: 'rate-limited',
  module: 'crm_core',
};

// In the popover itself: what floats elsewhere is outside of it, and a click there would close it.
const INSIDE = { withinPortal: false };

/** Adds a filter by hand; the rows of the tables do it with a click. */
export function AddFilter({ add }: { add: (name: FilterName, value: string) => void }) {
  const [opened, setOpened] = useState(false);
  const [name, setName] = useState<FilterName>('customer');
  const [value, setValue] = useState('');
  const set = (given: string) => {
    if (given === '') return;
    add(name, name === 'method' ? given.toUpperCase() : name === 'status_code' && /^\d+$/.test(given) ? (Number(given) as unknown as string) : given);
    setValue('');
    setOpened(false);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    set(shownPart(value.trim()));
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus shadow="md" withRoles>
      <Popover.Target>
        <Button variant="subtle" size="compact-xs" leftSection={<IconPlus size={13} aria-hidden />} onClick={() => setOpened(!opened)}>
          Filter
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Add a filter">
        <form onSubmit={submit}>
          <Stack gap={8} w={240}>
            <Select
              size="xs"
              label="By"
              allowDeselect={false}
              comboboxProps={INSIDE}
              data={Object.entries(FILTERS).map(([key, label]) => ({ value: key, label }))}
              value={name}
              onChange={(next) => next && setName(next as FilterName)}
            />
            {name === 'customer' ? (
              // Choosing one is enough.
              <CustomerFilter label="Is" value={undefined} onFilter={set} comboboxProps={INSIDE} data-autofocus />
            ) : (
              <>
                <TextInput size="xs" label="Is" placeholder={EXAMPLES[name]} value={value} onChange={(event) => setValue(event.currentTarget.value)} data-autofocus />
                <Button type="submit" disabled={value.trim() === ''}>
                  Filter
                </Button>
              </>
            )}
          </Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
