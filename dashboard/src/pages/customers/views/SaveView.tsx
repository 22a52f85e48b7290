import { Checkbox, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '@/api/client';
import { optimistically } from '@/api/optimistic';
import { taken } from '@/api/taken';
import { FormEnd } from '@/ui/FormEnd';
import { Modal } from '@/ui/Modal';
import { useSubmit } from '@/ui/useSubmit';
import { PAGE, type View, VIEWS, viewsChanged } from './view';

type SaveViewProps = { query: string; own: readonly View[]; close: () => void };

/** Keeps the filters, the order and the columns that are shown, under a name. A name that is there already is given to them instead. */
export function SaveView({ query, own, close }: SaveViewProps) {
  const client = useQueryClient();
  const form = useForm({
    initialValues: { name: '', shared: false },
    validate: { name: (name) => (name.trim() === '' ? 'must not be empty' : name.trim().length > 100 ? 'must be at most 100 characters long' : null) },
  });
  const replaced = own.find((view) => view.name === form.values.name.trim());
  const { busy, error, submit } = useSubmit(form, async ({ name, shared }) => {
    const body = { name: name.trim(), query, shared };
    if (replaced) {
      await optimistically<View, unknown>(client, { path: VIEWS }, (one) => (one.id === replaced.id ? { ...one, ...body } : one), () =>
        taken(api.PATCH('/api/admin/saved-views/{id}', { params: { path: { id: replaced.id } }, body })),
      );
    } else await taken(api.POST('/api/admin/saved-views', { body: { ...body, page: PAGE } }));
    viewsChanged(client);
    close();
  });
  return (
    <Modal opened onClose={close} title="Keep this view">
      <form onSubmit={submit} noValidate>
        <Stack gap="sm">
          <TextInput label="Name" description="The filters, the search, the order and the columns are kept" data-autofocus autoComplete="off" {...form.getInputProps('name')} />
          <Checkbox size="xs" label="Show it to the other operators, too" {...form.getInputProps('shared', { type: 'checkbox' })} />
          <FormEnd act={replaced ? 'Replace the view' : 'Keep it'} busy={busy} error={error} cancel={close} />
        </Stack>
      </form>
    </Modal>
  );
}
