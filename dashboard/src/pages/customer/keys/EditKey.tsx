import { Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '@/api/client';
import { optimistically } from '@/api/optimistic';
import { isOvertaken } from '@/api/problem';
import { taken } from '@/api/taken';
import { ChangedMeanwhile } from '@/ui/ChangedMeanwhile';
import { openDialog } from '@/ui/dialogs';
import { FormEnd } from '@/ui/FormEnd';
import { Loaded } from '@/ui/Loaded';
import { say } from '@/ui/notify';
import { useMeanwhile } from '@/ui/useMeanwhile';
import { useSubmit } from '@/ui/useSubmit';
import { KeyFields } from './KeyFields';
import { type Key, KEYS } from './key';
import { changesOf, rulesFor, TOGETHER, valuesOf } from './keyForm';
import { wordsOf } from './keyWords';
import { keysChanged } from './keysChanged';
import { useKey } from './useKey';

/** Changes a key. Nobody else's change is overwritten unseen: the key must still be as the form knows it. */
export const openEditKey = (customer: string, id: string) =>
  openDialog({ title: 'Change the API key', size: 'lg', content: (close) => <EditKey customer={customer} id={id} close={close} /> });

type EditKeyProps = { customer: string; id: string; close: () => void };

function EditKey({ customer, id, close }: EditKeyProps) {
  const query = useKey(customer, id);
  return (
    <Loaded query={query} lines={6}>
      {({ key, tag }) => <EditKeyForm customer={customer} before={key} tag={tag} readAgain={query.refetch} close={close} />}
    </Loaded>
  );
}

type EditKeyFormProps = { customer: string; before: Key; tag: string | undefined; readAgain: () => Promise<unknown>; close: () => void };

function EditKeyForm({ customer, before, tag, readAgain, close }: EditKeyFormProps) {
  const client = useQueryClient();
  const now = valuesOf(before);
  const form = useForm({ initialValues: now, validate: rulesFor(now) });
  const meanwhile = useMeanwhile(form, now, TOGETHER);
  const { busy, error, submit } = useSubmit(form, async (values) => {
    const changes = changesOf(values, before);
    const params = { path: { customer, id: before.id }, header: { 'If-Match': tag } };
    if (Object.keys(changes).length > 0) {
      const shown = Object.fromEntries(Object.entries(changes).filter(([, value]) => value != null)) as Partial<Key>;
      try {
        await optimistically<Key, unknown>(client, { path: KEYS, of: { customer } }, (row) => (row.id === before.id ? { ...row, ...shown } : row), () =>
          taken(api.PATCH('/api/admin/customers/{customer}/api-keys/{id}', { params, body: changes })),
        );
      } catch (refusal) {
        if (isOvertaken(refusal)) await readAgain();
        throw refusal;
      }
      say('The key was changed', 'It holds for the next request.');
      keysChanged(client);
    }
    close();
  });
  const refused = isOvertaken(error);
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <KeyFields form={form} />
        <ChangedMeanwhile meanwhile={meanwhile} said={wordsOf(before)} refused={refused} isDirty={form.isDirty()} />
        <FormEnd act="Change the key" busy={busy} error={refused ? null : error} cancel={close} />
      </Stack>
    </form>
  );
}
