import { Button, Group, Menu, Stack, Text, TextInput } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useState } from 'react';
import { minuteOf, zone } from './format';
import { type Range, type RangeSearch, SPANS, type SpanName } from './range';

/** Chooses the span that a page shows. It stands in the page's address. */
export function RangePicker({ range }: { range: Range & { change: (range: RangeSearch) => void } }) {
  const [opened, setOpened] = useState(false);
  const label = range.name ? range.label : `${minuteOf(range.from)} – ${minuteOf(range.until)}`;
  return (
    <Menu opened={opened} onChange={setOpened} width={260}>
      <Menu.Target>
        <Button variant="default" rightSection={<IconChevronDown size={14} />} aria-label={`Time range: ${label}`}>
          {label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {Object.entries(SPANS).map(([name, span]) => (
          <Menu.Item key={name} onClick={() => range.change({ range: name as SpanName })} aria-current={name === range.name || undefined}>
            {span.label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Chosen
          range={range}
          choose={(from, until) => {
            range.change({ from, until });
            setOpened(false);
          }}
        />
      </Menu.Dropdown>
    </Menu>
  );
}

function Chosen({ range, choose }: { range: Range; choose: (from: string, until: string) => void }) {
  const [from, setFrom] = useState(local(range.from));
  const [until, setUntil] = useState(local(range.until));
  const wrong = !from || !until || from >= until;
  return (
    <Stack gap={8} p={8} onKeyDown={(event) => event.stopPropagation()}>
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

/** As an input of the browser's has it: local time, without a zone. */
function local(at: string): string {
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
