import { Button, Checkbox, Popover, Stack } from '@mantine/core';
import { IconColumns3 } from '@tabler/icons-react';
import { SHOWN } from './columns';

type ColumnPickerProps = { offered: { value: string; label: string }[]; chosen: string[]; choose: (columns: string[]) => void };

/** Chooses what the table shows of each customer. */
export const ColumnPicker = ({ offered, chosen, choose }: ColumnPickerProps) => (
  <Popover position="bottom-end" trapFocus shadow="md">
    <Popover.Target>
      <Button variant="default" leftSection={<IconColumns3 size={14} />}>
        Columns
      </Button>
    </Popover.Target>
    <Popover.Dropdown>
      <Checkbox.Group value={chosen} onChange={choose} aria-label="Columns">
        <Stack gap={8}>
          {offered.map(({ value, label }) => (
            <Checkbox key={value} size="xs" value={value} label={label} />
          ))}
        </Stack>
      </Checkbox.Group>
      <Button mt={10} variant="default" size="compact-xs" onClick={() => choose(SHOWN)}>
        As they were
      </Button>
    </Popover.Dropdown>
  </Popover>
);
