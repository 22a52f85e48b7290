import { Button, Checkbox, Group, Stack, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { type ReactNode, useState } from 'react';
import { CopyValue } from './CopyValue';
import classes from './showOnce.module.css';

type Secret = { title: string; value: string; label: string; note: ReactNode };

/** Shows a secret that nobody will be shown again. It doesn't close by a stray click. */
export function showOnce(secret: Secret) {
  const id = modals.open({
    title: secret.title,
    closeOnClickOutside: false,
    closeOnEscape: false,
    withCloseButton: false,
    children: <ShownOnce {...secret} close={() => modals.close(id)} />,
  });
}

function ShownOnce({ value, label, note, close }: Secret & { close: () => void }) {
  const [kept, setKept] = useState(false);
  return (
    <Stack gap="sm">
      <Text size="sm">{note}</Text>
      <div className={classes.secret}>
        <CopyValue value={value} label={label} />
      </div>
      <Checkbox label="I have put it in a safe place; it isn’t shown again" checked={kept} onChange={(event) => setKept(event.currentTarget.checked)} />
      <Group justify="flex-end">
        <Button disabled={!kept} onClick={close}>
          Done
        </Button>
      </Group>
    </Stack>
  );
}
