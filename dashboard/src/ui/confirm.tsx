import { Button, Group, List, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { problemOf } from '@/api/problem';
import { openDialog } from './dialogs';
import { Failure } from './Failure';

type Confirmation = {
  title: string;
  /** What will happen, one sentence each. */
  consequences: readonly string[];
  /** What must be typed for it; nothing need be when left out. */
  word?: string;
  /** What the button says: the act itself. */
  act: string;
  danger?: boolean;
  /** Does it; what it throws is shown and nothing is closed. */
  run: () => Promise<unknown>;
};

/** Asks before something that can't be taken back, and says what it does. */
export function confirm(confirmation: Confirmation) {
  openDialog({ title: confirmation.title, content: (close) => <Confirm {...confirmation} close={close} /> });
}

function Confirm({ consequences, word, act, danger = true, run, close }: Confirmation & { close: () => void }) {
  const [typed, setTyped] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await run();
      close();
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="sm">
        <List size="sm" spacing={4}>
          {consequences.map((consequence) => (
            <List.Item key={consequence}>{consequence}</List.Item>
          ))}
        </List>
        {word && (
          <TextInput
            label={
              <Text span size="sm">
                Type <code>{word}</code> to go on
              </Text>
            }
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
        )}
        {error !== null && <Failure problem={problemOf(error)} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Keep as it is
          </Button>
          <Button type="submit" color={danger ? 'red.8' : undefined} loading={busy} disabled={word !== undefined && typed !== word}>
            {act}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
