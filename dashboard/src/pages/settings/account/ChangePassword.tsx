import { Button, Group, PasswordInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '@/api/client';
import { problemOf } from '@/api/problem';
import { taken } from '@/api/taken';
import { Failure } from '@/ui/Failure';
import { say } from '@/ui/notify';
import { Panel } from '@/ui/Panel';
import { useSubmit } from '@/ui/useSubmit';
import classes from '../Settings.module.css';

/** Another password; the other sessions end. */
export function ChangePassword() {
  const client = useQueryClient();
  const form = useForm({
    initialValues: { password: '', new_password: '' },
    validate: {
      password: (value) => (value === '' ? 'must not be empty' : null),
      new_password: (value) => (value.length < 12 ? 'must have at least 12 characters' : null),
    },
  });
  const { busy, error, submit } = useSubmit(form, async (body) => {
    await taken(api.PUT('/api/admin/session/password', { body }));
    form.reset();
    say('The password is changed', 'Your other sessions have ended.');
    await client.invalidateQueries({ queryKey: ['get', '/api/admin/sessions'] });
  });
  return (
    <Panel title="Change your password" note="Your other sessions end">
      <form className={classes.form} onSubmit={submit} noValidate>
        <PasswordInput label="The present password" autoComplete="current-password" {...form.getInputProps('password')} />
        <PasswordInput label="The new password" description="At least 12 characters, and not easily guessed" autoComplete="new-password" {...form.getInputProps('new_password')} />
        {error != null && <Failure problem={problemOf(error)} />}
        <Group>
          <Button type="submit" loading={busy} disabled={!form.isDirty()}>
            Change the password
          </Button>
        </Group>
      </form>
    </Panel>
  );
}
