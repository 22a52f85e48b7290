import { Button, Group, Modal, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '@/api/client';
import { optimistically } from '@/api/optimistic';
import { problemOf } from '@/api/problem';
import { taken } from '@/api/taken';
import { Failure } from '@/ui/Failure';
import { Loaded } from '@/ui/Loaded';
import { say } from '@/ui/notify';
import { useSubmit } from '@/ui/useSubmit';
import { KeyFields } from './KeyFields';
import { type Key, KEYS } from './key';
import { changesOf, rules, valuesOf } from './keyForm';
import { keysChanged } from './keysChanged';
import { useKey } from './useKey';

/** Changes a key. Nobody else's change is overwritten: the key must still be as it was read. */
export function EditKey({ customer, id, close }: { customer: string; id: string; close: () => void }) {
  const query = useKey(customer, id);
  return (
    <Modal opened onClose={close} title="Change the API key" size="lg" closeOnClickOutside={false}>
      <Loaded query={query} lines={6}>
        {({ key, tag }) => <EditKeyForm key={tag} customer={customer} before={key} tag={tag} close={close} />}
      </Loaded>
    </Modal>
  );
}

function EditKeyForm({ customer, before, tag, close }: { customer: string; before: Key; tag: string | undefined; close: () => void }) {
  const client = useQueryClient();
  const form = useForm({ initialValues: valuesOf(before), validate: rules });
  const { busy, error, submit } = useSubmit(form, async (values) => {
    const changes = changesOf(values, before);
    const params = { path: { customer, id: before.id }, header: { 'If-Match': tag } };
    if (Object.keys(changes).length > 0) {
      const shown = Object.fromEntries(Object.entries(changes).filter(([, value]) => value != null)) as Partial<Key>;
      await optimistically<Key, unknown>(client, { path: KEYS, of: { customer } }, (row) => (row.id === before.id ? { ...row, ...shown } : row), () =>
        taken(api.PATCH('/api/admin/customers/{customer}/api-keys/{id}', { params, body: changes })),
      );
      say('The key was changed', 'It holds for the next request.');
      keysChanged(client);
    }
    close();
  });
  const problem = error === null ? null : problemOf(error);
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <KeyFields form={form} />
        {problem && <Failure problem={problem} retry={problem.status === 412 ? () => keysChanged(client) : undefined} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={busy}>
            Change the key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
