import { Autocomplete, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, type Schema } from '@/api/client';
import { wrongEmail, wrongName } from '@/api/fieldRules';
import { isOvertaken } from '@/api/problem';
import { taken } from '@/api/taken';
import { ChangedMeanwhile } from '@/ui/ChangedMeanwhile';
import { FormEnd } from '@/ui/FormEnd';
import { Loaded } from '@/ui/Loaded';
import { say } from '@/ui/notify';
import { useMeanwhile } from '@/ui/useMeanwhile';
import { useSubmit } from '@/ui/useSubmit';
import { type Customer, customerQuery, useCustomerChanged } from '../customer';
import { type Field, FIELDS, TEXTS, type Values, valuesOf, wordsOf } from './known';

type Read = { customer: Schema<'CustomerDetails'>; etag: string | null };

/** Changes what is known of a customer. Nobody else's change is overwritten unseen. */
export function EditForm({ name, close }: { name: string; close: () => void }) {
  const query = useQuery({
    queryKey: ['edit', 'customer', name],
    queryFn: async (): Promise<Read> => {
      const { data, error, response } = await api.GET('/api/admin/customers/{customer}', { params: { path: { customer: name } } });
      if (error !== undefined) throw error;
      return { customer: data, etag: response.headers.get('ETag') };
    },
    gcTime: 0,
    staleTime: Infinity,
    refetchInterval: false,
    placeholderData: undefined,
  });
  return <Loaded query={query}>{(read) => <Fields read={read} name={name} readAgain={query.refetch} close={close} />}</Loaded>;
}

const zones = Intl.supportedValuesOf('timeZone');

type FieldsProps = { read: Read; name: string; readAgain: () => Promise<unknown>; close: () => void };

function Fields({ read: { customer, etag }, name, readAgain, close }: FieldsProps) {
  const client = useQueryClient();
  const changed = useCustomerChanged();
  const check = (field: Field) => (value: string) => {
    const { required, longest } = TEXTS[field];
    if (required || value.trim() !== '') {
      const wrong = field === 'billing_email' ? wrongEmail(value) : wrongName(value, longest);
      if (wrong) return wrong;
    }
    return value.length > longest ? `must have at most ${longest} characters` : null;
  };
  const now = valuesOf(customer);
  const form = useForm<Values>({
    initialValues: now,
    validate: { ...Object.fromEntries(FIELDS.map((field) => [field, check(field)])) },
  });
  const meanwhile = useMeanwhile(form, now);
  const { busy, error, submit } = useSubmit(form, async (values) => {
    const body: Schema<'CustomerPatch'> = {};
    for (const field of FIELDS) if (form.isDirty(field)) body[field] = (values[field].trim() || null) as never;
    if (form.isDirty('timezone')) body.timezone = values.timezone;
    const params = { path: { customer: name }, header: { 'If-Match': etag } };
    const { queryKey } = customerQuery(name);
    const before = client.getQueryData<Customer>(queryKey);
    // The head of the page has the new name at once, and the old one again when it is refused.
    const shown = Object.fromEntries(Object.entries(body)) as Partial<Customer>;
    client.setQueryData<Customer>(queryKey, (known) => known && { ...known, ...shown });
    try {
      await taken(api.PATCH('/api/admin/customers/{customer}', { params, body }));
    } catch (refusal) {
      client.setQueryData(queryKey, before);
      if (isOvertaken(refusal)) await readAgain();
      throw refusal;
    }
    close();
    say('Saved');
    await changed();
  });
  const refused = isOvertaken(error);
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        {FIELDS.map((field) => (
          <TextInput key={field} label={TEXTS[field].label} required={TEXTS[field].required} {...form.getInputProps(field)} />
        ))}
        <Autocomplete label="Time zone" data={zones} limit={20} {...form.getInputProps('timezone')} />
        <ChangedMeanwhile meanwhile={meanwhile} said={wordsOf(now)} refused={refused} isDirty={form.isDirty()} />
        <FormEnd act="Save" busy={busy} error={refused ? null : error} disabled={!form.isDirty()} cancel={close} />
      </Stack>
    </form>
  );
}
