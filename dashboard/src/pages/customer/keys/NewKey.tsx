import { Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { openDialog } from '@/ui/dialogs';
import { FormEnd } from '@/ui/FormEnd';
import { useOpenedAt } from '@/ui/useOpenedAt';
import { useSubmit } from '@/ui/useSubmit';
import { KeyFields } from './KeyFields';
import { KeyShown } from './KeyShown';
import { bodyOf, newKey, rulesFor } from './keyForm';
import { keysChanged } from './keysChanged';

/** Makes a key and shows it, once. */
export const openNewKey = (customer: string) =>
  openDialog({ title: 'New API key', size: 'lg', content: (close) => <NewKeyForm customer={customer} close={close} /> });

function NewKeyForm({ customer, close }: { customer: string; close: () => void }) {
  const client = useQueryClient();
  const openedAt = useOpenedAt();
  const form = useForm({ initialValues: newKey, validate: rulesFor(newKey) });
  const { busy, error, submit } = useSubmit(form, async (values) => {
    const made = await taken(api.POST('/api/admin/customers/{customer}/api-keys', { params: { path: { customer } }, body: bodyOf(values, openedAt) }));
    close();
    openDialog({ title: `API key: ${made.name}`, size: 'lg', stays: true, content: (end) => <KeyShown secret={made.key} close={end} /> });
    keysChanged(client);
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <KeyFields form={form} />
        <FormEnd act="Make the key" busy={busy} error={error} cancel={close} />
      </Stack>
    </form>
  );
}
