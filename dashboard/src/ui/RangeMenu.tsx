import { Button, Divider, Group, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { zone } from './format';
import { toLocal } from './localTime';
import { type Range, type RangeSearch, SPANS, type SpanName } from './range';
import classes from './RangeMenu.module.css';

/** The spans to choose from, and two moments of one's own. */
export default function RangeMenu({ range, close }: { range: Range & { change: (range: RangeSearch) => void }; close: () => void }) {
  return (
    <>
      <ul className={classes.spans}>
        {Object.entries(SPANS).map(([name, span]) => (
          <li key={name}>
            <UnstyledButton
              className={classes.span}
              aria-pressed={name === range.name}
              onClick={() => {
                range.change({ range: name as SpanName });
                close();
              }}
            >
              {span.label}
            </UnstyledButton>
          </li>
        ))}
      </ul>
      <Divider my={4} />
      <Chosen
        range={range}
        choose={(from, until) => {
          range.change({ from, until });
          close();
        }}
      />
    </>
  );
}

function Chosen({ range, choose }: { range: Range; choose: (from: string, until: string) => void }) {
  const [from, setFrom] = useState(toLocal(range.from));
  const [until, setUntil] = useState(toLocal(range.until));
  const wrong = !from || !until || from >= until;
  return (
    <Stack gap={8} p={8}>
      <TextInput size="xs" type="datetime-local" label="From" value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
      <TextInput
        size="xs"
        type="datetime-local"
        label="Until"
        value={until}
        onChange={(event) => setUntil(event.currentTarget.value)}
        error={wrong ? 'must be after the beginning' : undefined}
      />
      <Group justify="space-between">
        <Text size="xs" c="var(--ink-3)">
          {zone}
        </Text>
        <Button size="compact-xs" disabled={wrong} onClick={() => choose(new Date(from).toISOString(), new Date(until).toISOString())}>
          Show
        </Button>
      </Group>
    </Stack>
  );
}
