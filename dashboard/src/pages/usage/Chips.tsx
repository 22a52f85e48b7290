import { Button, CloseButton } from '@mantine/core';
import { between } from '@/ui/format';
import { useNameOf } from '@/ui/useNameOf';
import { AddFilter } from './AddFilter';
import { FILTER_NAMES, FILTERS } from '@/api/usageGroups';
import classes from './Usage.module.css';
import type { Usage } from './useUsage';

type ChipsProps = {
  usage: Usage;
  /** What the server refused of them. */
  refused: Record<string, string> | null;
};

/** What the page is narrowed to. Each can be taken away. */
export function Chips({ usage, refused }: ChipsProps) {
  const { filter, range, change } = usage;
  const set = FILTER_NAMES.filter((name) => filter[name] !== undefined);
  return (
    <div className={classes.chips} role="group" aria-label="Filters">
      {range.name === null && (
        <Chip label="Time" value={between(range.from, range.until)} remove={() => change((before) => ({ ...before, from: undefined, until: undefined }))} />
      )}
      {set.map((name) => (
        <NamedChip key={name} label={FILTERS[name]} value={filter[name] ?? ''} wrong={refused?.[name]} remove={() => change({ [name]: undefined })} />
      ))}
      {set.length === 0 && range.name !== null && <span className={classes.quiet}>All customers, keys and routes</span>}
      <AddFilter add={(name, value) => change({ [name]: value })} />
      {set.length > 1 && (
        <Button variant="subtle" size="compact-xs" onClick={() => change((before) => ({ ...before, ...Object.fromEntries(FILTER_NAMES.map((name) => [name, undefined])) }))}>
          Show all
        </Button>
      )}
    </div>
  );
}

function NamedChip(chip: ChipProps) {
  const name = useNameOf(chip.value);
  return <Chip {...chip} value={name} />;
}

type ChipProps = { label: string; value: string; wrong?: string; remove: () => void };

function Chip({ label, value, wrong, remove }: ChipProps) {
  return (
    <span className={classes.chip} data-wrong={wrong !== undefined || undefined}>
      <span>{label}</span>
      <b>{value}</b>
      {wrong && <span role="alert">{wrong}</span>}
      <CloseButton size="xs" aria-label={`Don’t filter by ${label}: ${value}`} onClick={remove} />
    </span>
  );
}
