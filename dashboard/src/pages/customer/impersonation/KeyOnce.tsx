import { Button, Group, Stack, Text } from '@mantine/core';
import { ShownOnce } from '@/ui/ShownOnce';
import { ago, exactTime } from '@/ui/format';

type KeyOnceProps = { secret: string; expiresAt: string | null | undefined; writes: boolean; close: () => void };

/** The key of an impersonation. It is shown here, and never again. */
export function KeyOnce({ secret, expiresAt, writes, close }: KeyOnceProps) {
  return (
    <Stack gap="sm">
      <Text size="sm">
        This key {writes ? 'reads and writes' : 'reads'} as the customer does
        {expiresAt ? `, and ends ${ago(expiresAt)}: ${exactTime(expiresAt)}` : ''}.
      </Text>
      <ShownOnce secret={secret} label="key" />
      <Text size="xs" c="var(--ink-3)">
        Send it as <code>Authorization: Bearer</code>. A banner on every page says that you act in the customer’s place, and ends it.
      </Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          I have taken the key
        </Button>
      </Group>
    </Stack>
  );
}
