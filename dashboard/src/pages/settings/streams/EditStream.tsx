import { Checkbox, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { askAgain } from '@/api/askAgain';
import { api, type Schema } from '@/api/client';
import { optimistically } from '@/api/optimistic';
import { taken } from '@/api/taken';
import { openDialog } from '@/ui/dialogs';
import { FormEnd } from '@/ui/FormEnd';
import { say } from '@/ui/notify';
import { useSubmit } from '@/ui/useSubmit';
import { CertificateAuthority } from './CertificateAuthority';
import { type Stream, STREAMS } from './stream';

/** Changes what a stream is called and what it proves itself with; where it goes stays. */
export function openStream(stream: Stream) {
  openDialog({ title: `The stream ${stream.name}`, content: (close) => <EditStream stream={stream} close={close} /> });
}

function EditStream({ stream, close }: { stream: Stream; close: () => void }) {
  const client = useQueryClient();
  const form = useForm({
    initialValues: { name: stream.name, authorization: '', no_authorization: false, ca_certificate: stream.ca_certificate ?? '' },
    validate: { name: (value) => (value.trim() === '' ? 'must not be empty' : null) },
  });
  const { busy, error, submit } = useSubmit(form, async (values) => {
    const body: Schema<'AuditStreamPatch'> = {};
    if (form.isDirty('name')) body.name = values.name.trim();
    if (form.isDirty('ca_certificate')) body.ca_certificate = values.ca_certificate.trim() ? values.ca_certificate : null;
    if (values.no_authorization) body.authorization = null;
    else if (values.authorization) body.authorization = values.authorization;
    // A secret is in no listing, nor shown as if it were.
    const { authorization: _, ...shown } = body;
    await optimistically<Stream, unknown>(client, { path: STREAMS }, (row) => (row.id === stream.id ? { ...row, ...shown } : row), () =>
      taken(api.PATCH('/api/admin/audit-streams/{id}', { params: { path: { id: stream.id } }, body })),
    );
    close();
    say('The stream is changed', 'It holds for the next delivery.');
    await askAgain(client, /\/(audit-streams|secrets)/);
  });
  const hasHeader = stream.endpoint.startsWith('http');
  const { no_authorization: takesAway } = form.values;
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        <TextInput label="Name" maxLength={100} autoComplete="off" data-autofocus required {...form.getInputProps('name')} />
        <TextInput label="Endpoint" description="Stays: another place is another stream" value={stream.endpoint} readOnly />
        {hasHeader && (
          <PasswordInput
            label={stream.has_authorization ? 'New Authorization header' : 'Authorization header'}
            description={stream.has_authorization ? 'In the place of the one that is kept, which is never shown; empty leaves that as it is' : 'None is sent; sealed, and never shown again'}
            maxLength={4096}
            autoComplete="off"
            placeholder="Bearer …"
            disabled={takesAway}
            {...form.getInputProps('authorization')}
          />
        )}
        {hasHeader && stream.has_authorization && <Checkbox label="Send no Authorization header any more" {...form.getInputProps('no_authorization', { type: 'checkbox' })} />}
        {!stream.endpoint.startsWith('s3:') && <CertificateAuthority {...form.getInputProps('ca_certificate')} />}
        <FormEnd act="Save" busy={busy} error={error} disabled={!form.isDirty()} cancel={close} />
      </Stack>
    </form>
  );
}
