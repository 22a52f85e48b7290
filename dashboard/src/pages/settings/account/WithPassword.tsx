import { List, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { FormEnd } from '@/ui/FormEnd';
import { useSubmit } from '@/ui/useSubmit';
import { PresentPassword } from './PresentPassword';

type WithPasswordProps = {
  /** What will happen, one sentence each. */
  consequences: readonly string[];
  /** What the button says: the act itself. */
  act: string;
  /** Does it; null when no password was typed. */
  run: (password: string | null) => Promise<unknown>;
  close: () => void;
};

/** Takes a second factor away, with the password. */
export function WithPassword({ consequences, act, run, close }: WithPasswordProps) {
  const form = useForm({ initialValues: { password: '' } });
  const { busy, error, submit } = useSubmit(form, async ({ password }) => {
    await run(password || null);
    close();
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        <List size="sm" spacing={4}>
          {consequences.map((consequence) => (
            <List.Item key={consequence}>{consequence}</List.Item>
          ))}
        </List>
        <PresentPassword data-autofocus {...form.getInputProps('password')} />
        <FormEnd act={act} danger busy={busy} error={error} cancel={close} keep />
      </Stack>
    </form>
  );
}
