import { Button, Group, Stack } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { ShownOnce } from '@/ui/ShownOnce';

/** A new key, and what to know of it. Done is done when it was copied. */
export function KeyShown({ secret, close, children }: { secret: string; close: () => void; children?: ReactNode }) {
  const [copied, setCopied] = useState(false);
  return (
    <Stack gap="md">
      <ShownOnce secret={secret} label="API key" onCopied={() => setCopied(true)} />
      {children}
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          {copied ? 'Done' : 'Close without copying'}
        </Button>
      </Group>
    </Stack>
  );
}
