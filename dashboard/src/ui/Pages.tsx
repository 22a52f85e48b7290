import { Button, Group, Text } from '@mantine/core';
import { count } from './format';
import { type Looked, lookedText } from './found';

type PagesProps = {
  /** The rows that are shown, and all that the filter finds, if it is known. */
  shown: number;
  total?: number;
  /** How far was looked, where not everything was: there may be nothing after it. */
  looked?: Looked;
  hasBefore: boolean;
  hasAfter: boolean;
  /** What is shown is of before, and so is where it goes on. */
  waits?: boolean;
  onBefore: () => void;
  onAfter: () => void;
};

/** Turns the pages of a listing. */
export function Pages({ shown, total, looked, hasBefore, hasAfter, waits = false, onBefore, onAfter }: PagesProps) {
  return (
    <Group justify="space-between" px="md" py={8} style={{ borderTop: '1px solid var(--rule)' }}>
      <Text size="xs" c="var(--ink-2)">
        {total === undefined ? `${count(shown)} shown` : `${count(shown)} of ${count(total)}`}
        {looked && `. ${lookedText(looked)}`}
      </Text>
      <Group gap={8}>
        <Button variant="default" size="compact-xs" disabled={!hasBefore} onClick={onBefore}>
          Back
        </Button>
        {/* It keeps the focus while it waits: whoever turns pages by keyboard stays on it. */}
        <Button variant="default" size="compact-xs" disabled={!hasAfter} aria-disabled={waits || undefined} onClick={waits ? undefined : onAfter}>
          {looked ? 'Look further' : 'Next'}
        </Button>
      </Group>
    </Group>
  );
}
