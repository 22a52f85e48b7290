import { Group, List, Select, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { Countdown } from '@/ui/Countdown';
import { openDialog } from '@/ui/dialogs';
import { FormEnd } from '@/ui/FormEnd';
import { useOpenedAt } from '@/ui/useOpenedAt';
import { useSubmit } from '@/ui/useSubmit';
import { type Expiry, EXPIRY, expiresAt } from './expiry';
import { KeyShown } from './KeyShown';
import type { Key } from './key';
import { keysChanged } from './keysChanged';

const OVERLAPS = [
  { value: '0', label: 'Not at all: it ends now' },
  { value: '3600', label: 'An hour' },
  { value: '86400', label: 'A day' },
  { value: '604800', label: 'A week' },
  { value: '2592000', label: '30 days' },
];

const ENDS = [
  { value: 'as-before', label: 'As the old key was made to' },
  ...Object.entries(EXPIRY).filter(([value]) => value !== 'at').map(([value, { label }]) => ({ value, label })),
];

type Rotated = Schema<'RotatedKeyView'>;

/** Puts a new key in a key's place, and lets the old one go on for as long as its callers need to change over. */
export const openRotation = (customer: string, before: Key) =>
  openDialog({ title: titleOf(before), size: 'lg', content: (close) => <RotateForm customer={customer} before={before} close={close} /> });

const titleOf = (before: Key) => `Rotate ${before.name}`;

function RotateForm({ customer, before, close }: { customer: string; before: Key; close: () => void }) {
  const client = useQueryClient();
  const openedAt = useOpenedAt();
  const form = useForm({ initialValues: { overlap_seconds: '86400', expires_at: 'as-before' } });
  const { busy, error, submit } = useSubmit(form, async ({ overlap_seconds, expires_at }) => {
    const body: Schema<'RotationBody'> = { overlap_seconds: Number(overlap_seconds) };
    if (expires_at !== 'as-before') body.expires_at = expiresAt(expires_at as Expiry, '', openedAt);
    const params = { path: { customer, id: before.id } };
    const rotated = await taken(api.POST('/api/admin/customers/{customer}/api-keys/{id}/rotate', { params, body }));
    close();
    openDialog({ title: titleOf(before), size: 'lg', stays: true, content: (end) => <RotatedShown rotated={rotated} close={end} /> });
    keysChanged(client);
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <List size="sm" spacing={4}>
          <List.Item>A new key is made that may do what this one may, and is shown once.</List.Item>
          <List.Item>Whoever calls with the old key must change over before it ends.</List.Item>
        </List>
        <Group gap="xs" align="flex-start" grow>
          <Select label="The old key goes on" data={OVERLAPS} allowDeselect={false} data-autofocus {...form.getInputProps('overlap_seconds')} />
          <Select label="The new key ends" data={ENDS} allowDeselect={false} {...form.getInputProps('expires_at')} />
        </Group>
        <FormEnd act="Rotate the key" busy={busy} error={error} cancel={close} keep />
      </Stack>
    </form>
  );
}

/** The new key, and how long the old one goes on. */
const RotatedShown = ({ rotated: { key, replaces }, close }: { rotated: Rotated; close: () => void }) => (
  <KeyShown secret={key} close={close}>
    <Text size="sm">
      The old key <code>{replaces.prefix}…</code>{' '}
      {replaces.status === 'active' && replaces.expires_at ? (
        <>
          ends in <Countdown until={replaces.expires_at} />. Both draw on one limit until then.
        </>
      ) : (
        'has ended.'
      )}
    </Text>
  </KeyShown>
);
