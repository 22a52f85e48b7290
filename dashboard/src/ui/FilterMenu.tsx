import { Button, Checkbox, Group, Popover, Stack } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import classes from './FilterMenu.module.css';

type Option = { value: string; label: string };

type FilterMenuProps = {
  label: string;
  options: readonly Option[];
  /** What is chosen; everything when nothing is. */
  value: readonly string[];
  change: (value: string[]) => void;
};

/** A filter by some of several values, in little room. */
export function FilterMenu({ label, options, value, change }: FilterMenuProps) {
  const chosen = options.filter((option) => value.includes(option.value)).map((option) => option.label);
  return (
    <Popover position="bottom-start" trapFocus shadow="md">
      <Popover.Target>
        <Button variant="default" rightSection={<IconChevronDown size={13} />} className={classes.button} data-active={chosen.length > 0 || undefined}>
          {label}
          {chosen.length > 0 && <span className={classes.chosen}>{chosen.length > 2 ? `${chosen.length} chosen` : chosen.join(', ')}</span>}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Checkbox.Group value={[...value]} onChange={change} aria-label={label}>
          <Stack gap={8}>
            {options.map((option) => (
              <Checkbox key={option.value} size="xs" value={option.value} label={option.label} />
            ))}
          </Stack>
        </Checkbox.Group>
        <Group mt={10}>
          <Button variant="default" size="compact-xs" disabled={value.length === 0} onClick={() => change([])}>
            Any
          </Button>
        </Group>
      </Popover.Dropdown>
    </Popover>
  );
}
