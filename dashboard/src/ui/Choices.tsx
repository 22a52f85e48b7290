import { Button, Stack } from '@mantine/core';
import type { ReactNode } from 'react';

type ChoicesProps = {
  label: string;
  options: readonly { key: string; label: string; note?: ReactNode; disabled?: boolean }[];
  choose: (key: string) => void;
  close: () => void;
};

/** Asks in a dialog which one is meant, and goes on with it. */
export const Choices = ({ label, options, choose, close }: ChoicesProps) => (
  <Stack gap={6} role="group" aria-label={label}>
    {options.map(({ key, label: name, note, disabled }, place) => (
      <Button
        key={key}
        variant="default"
        fullWidth
        justify="space-between"
        rightSection={note}
        disabled={disabled}
        data-autofocus={place === 0 || undefined}
        onClick={() => {
          close();
          choose(key);
        }}
      >
        {name}
      </Button>
    ))}
  </Stack>
);
