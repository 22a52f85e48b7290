import { ActionIcon, Button, Checkbox, Group, Popover, Stack } from '@mantine/core';
import { IconArrowUp, IconColumns3 } from '@tabler/icons-react';
import { SHOWN } from './columns';

type Offered = { value: string; label: string };

type ColumnPickerProps = {
  offered: readonly Offered[];
  /** In the order in which they stand. */
  chosen: readonly string[];
  choose: (columns: string[]) => void;
};

/** Chooses what the table shows of each customer, and in which order. */
export function ColumnPicker({ offered, chosen, choose }: ColumnPickerProps) {
  const known = new Map(offered.map((one) => [one.value, one]));
  const listed = [...chosen.flatMap((value) => known.get(value) ?? []), ...offered.filter(({ value }) => !chosen.includes(value))];
  const moveUp = (place: number) => {
    const next = [...chosen];
    next.splice(place - 1, 0, ...next.splice(place, 1));
    choose(next);
  };
  return (
    <Popover position="bottom-end" trapFocus shadow="md">
      <Popover.Target>
        <Button variant="default" leftSection={<IconColumns3 size={14} />}>
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Checkbox.Group value={[...chosen]} onChange={choose} aria-label="Columns">
          <Stack gap={4}>
            {listed.map(({ value, label }, place) => (
              <Group key={value} justify="space-between" gap="lg" wrap="nowrap" mih={24}>
                <Checkbox size="xs" value={value} label={label} />
                {place > 0 && place < chosen.length && (
                  <ActionIcon size={24} aria-label={`Show ${label} one place earlier`} onClick={() => moveUp(place)}>
                    <IconArrowUp size={14} />
                  </ActionIcon>
                )}
              </Group>
            ))}
          </Stack>
        </Checkbox.Group>
        <Button mt={10} variant="default" size="compact-xs" onClick={() => choose(SHOWN)}>
          As they were
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}
