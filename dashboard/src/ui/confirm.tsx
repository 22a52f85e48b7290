import { List, Stack } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { openDialog } from './dialogs';
import { FormEnd } from './FormEnd';
import { TypedWord } from './TypedWord';
import { useAct } from './useAct';

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

function Confirm({ consequences, word, act: says, danger = true, run, close }: Confirmation & { close: () => void }) {
  const [typed, setTyped] = useState('');
  const { busy, error, run: act } = useAct();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await act(run)) close();
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="sm">
        <List size="sm" spacing={4}>
          {consequences.map((consequence) => (
            <List.Item key={consequence}>{consequence}</List.Item>
          ))}
        </List>
        {word && <TypedWord word={word} typed={typed} change={setTyped} focused />}
        <FormEnd act={says} danger={danger} busy={busy} error={error} disabled={word !== undefined && typed !== word} cancel={close} keep />
      </Stack>
    </form>
  );
}
