import { Modal, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { FormEnd } from '@/ui/FormEnd';
import { useOpenedAt } from '@/ui/useOpenedAt';
import { useSubmit } from '@/ui/useSubmit';
import { KeyFields } from './KeyFields';
import { KeyShown } from './KeyShown';
import { bodyOf, newKey, rules } from './keyForm';
import { keysChanged } from './keysChanged';

/** Makes a key and shows it, once. */
export function NewKey({ customer, close }: { customer: string; close: () => void }) {
  const [made, setMade] = useState<Schema<'NewApiKeyView'> | null>(null);
  return (
    <Modal opened onClose={close} title={made ? `API key: ${made.name}` : 'New API key'} size="lg" closeOnClickOutside={false} closeOnEscape={!made} withCloseButton={!made}>
      {made ? <KeyShown secret={made.key} close={close} /> : <NewKeyForm customer={customer} close={close} done={setMade} />}
    </Modal>
  );
}

function NewKeyForm({ customer, close, done }: { customer: string; close: () => void; done: (made: Schema<'NewApiKeyView'>) => void }) {
  const client = useQueryClient();
  const openedAt = useOpenedAt();
  const form = useForm({ initialValues: newKey, validate: rules });
  const { busy, error, submit } = useSubmit(form, async (values) => {
    done(await taken(api.POST('/api/admin/customers/{customer}/api-keys', { params: { path: { customer } }, body: bodyOf(values, openedAt) })));
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
