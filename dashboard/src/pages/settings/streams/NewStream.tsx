import { Checkbox, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { FormEnd } from '@/ui/FormEnd';
import { Modal } from '@/ui/Modal';
import { say } from '@/ui/notify';
import { showOnce } from '@/ui/showOnce';
import { useSubmit } from '@/ui/useSubmit';
import { CertificateAuthority } from './CertificateAuthority';
import { STREAMS } from './stream';

/** Has the audit log told to somebody. */
export function NewStream({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Modal opened={opened} onClose={close} title="New audit stream">
      <NewStreamForm close={close} />
    </Modal>
  );
}

function NewStreamForm({ close }: { close: () => void }) {
  const client = useQueryClient();
  const form = useForm({
    initialValues: { name: '', endpoint: '', authorization: '', ca_certificate: '', from_beginning: false },
    validate: {
      name: (value) => (value.trim() === '' ? 'must not be empty' : null),
      endpoint: (value) => (/^(https?|s3|syslog\+(tls|tcp)):\/\/\S+$/.test(value.trim()) ? null : 'must begin with https://, s3:// or syslog+tls://'),
    },
  });
  const isHttps = form.values.endpoint.startsWith('http');
  const isS3 = form.values.endpoint.startsWith('s3:');
  const { busy, error, submit } = useSubmit(form, async (values) => {
    const made = await taken(
      api.POST(STREAMS, {
        body: {
          name: values.name.trim(),
          endpoint: values.endpoint.trim(),
          authorization: isHttps && values.authorization ? values.authorization : null,
          ca_certificate: !isS3 && values.ca_certificate.trim() ? values.ca_certificate : null,
          from_beginning: values.from_beginning,
        },
      }),
    );
    close();
    await client.invalidateQueries({ queryKey: ['get', STREAMS] });
    if (!made.signing_secret) return say('The stream is made', 'Its first rows are told within a second or so.');
    showOnce({
      title: `The signing secret of ${made.name}`,
      secret: made.signing_secret,
      label: 'signing secret',
      kept: 'It is kept sealed, and signs what is sent.',
      note: 'The other side verifies with it that deliveries are ours, as Standard Webhooks has it.',
    });
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        <TextInput label="Name" maxLength={100} autoComplete="off" data-autofocus required {...form.getInputProps('name')} />
        <TextInput
          label="Endpoint"
          description="https://HOST/PATH, s3://BUCKET/FOLDER or syslog+tls://HOST:PORT; nothing secret"
          maxLength={2000}
          autoComplete="off"
          spellCheck={false}
          required
          {...form.getInputProps('endpoint')}
        />
        {isHttps && (
          <PasswordInput label="Authorization header" description="If the other side wants one; sealed, and never shown again" maxLength={4096} autoComplete="off" placeholder="Bearer …" {...form.getInputProps('authorization')} />
        )}
        {!isS3 && <CertificateAuthority {...form.getInputProps('ca_certificate')} />}
        <Checkbox label="Tell everything that the log has, from its beginning" {...form.getInputProps('from_beginning', { type: 'checkbox' })} />
        <FormEnd act="Make the stream" busy={busy} error={error} cancel={close} />
      </Stack>
    </form>
  );
}
