import { Button, Group } from '@mantine/core';
import { problemOf } from '@/api/problem';
import { Failure } from './Failure';

type FormEndProps = {
  /** What the button says: the act itself. */
  act: string;
  busy: boolean;
  danger?: boolean;
  disabled?: boolean;
  /** Why it was refused, unless a field says so already. */
  error?: unknown;
  cancel: () => void;
  /** Whether the way back leaves something as it is, rather than a form. */
  keep?: boolean;
};

/** The end of a form in a dialog: why it was refused, the way back, and the act. */
export function FormEnd({ act, busy, danger = false, disabled = false, error, cancel, keep = false }: FormEndProps) {
  return (
    <>
      {error != null && <Failure problem={problemOf(error)} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={cancel}>
          {keep ? 'Keep as it is' : 'Cancel'}
        </Button>
        <Button type="submit" color={danger ? 'red' : undefined} loading={busy} disabled={disabled}>
          {act}
        </Button>
      </Group>
    </>
  );
}
