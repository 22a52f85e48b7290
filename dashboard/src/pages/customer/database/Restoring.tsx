import { Button, Group, Stack, Text } from '@mantine/core';
import type { Schema } from '@/api/client';
import { LiveOperation } from '@/ui/LiveOperation';
import { ShownOnce } from '@/ui/ShownOnce';

/** A restore that has begun: the new customer's key, once, and its steps. */
export function Restoring({ begun, close }: { begun: Schema<'SignUpView'>; close: () => void }) {
  return (
    <Stack gap="sm">
      <Text size="sm">
        The first API key of {begun.customer.customer_id} works as soon as the restore is done.
      </Text>
      <ShownOnce secret={begun.api_key.key} label="API key" />
      <LiveOperation id={begun.operation.id} />
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>I have taken the key</Button>
      </Group>
    </Stack>
  );
}
