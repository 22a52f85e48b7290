import { Button, Checkbox, Group, Stack, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { openDialog } from './dialogs';
import { ShownOnce, type ShownOnceProps } from './ShownOnce';

type Secret = Omit<ShownOnceProps, 'onCopied'> & { title: string; note: ReactNode };

/** Shows a secret that nobody will be shown again. It doesn't close by a stray click. */
export function showOnce({ title, ...secret }: Secret) {
  openDialog({ title, stays: true, content: (close) => <Kept {...secret} close={close} /> });
}

function Kept({ note, close, ...secret }: Omit<Secret, 'title'> & { close: () => void }) {
  const [isKept, setKept] = useState(false);
  return (
    <Stack gap="sm">
      <Text size="sm">{note}</Text>
      <ShownOnce {...secret} />
      <Checkbox label="I have put it in a safe place; it isn’t shown again" checked={isKept} onChange={(event) => setKept(event.currentTarget.checked)} />
      <Group justify="flex-end">
        <Button disabled={!isKept} onClick={close}>
          Done
        </Button>
      </Group>
    </Stack>
  );
}
