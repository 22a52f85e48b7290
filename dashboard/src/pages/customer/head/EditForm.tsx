import { Autocomplete, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, type Schema } from '@/api/client';
import { wrongEmail, wrongName } from '@/api/fieldRules';
import { taken } from '@/api/taken';
import { FormEnd } from '@/ui/FormEnd';
import { Loaded } from '@/ui/Loaded';
import { say } from '@/ui/notify';
import { useSubmit } from '@/ui/useSubmit';
import { type Customer, customerQuery, useCustomerChanged } from '../customer';

type Read = { customer: Schema<'CustomerDetails'>; etag: string | null };

/** Changes what is known of a customer. What is changed is the version that the form shows. */
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
  return <Loaded query={query}>{(read) => <Fields read={read} name={name} close={close} />}</Loaded>;
}

const zones = Intl.supportedValuesOf('timeZone');

/** What may be changed, and the longest that the API takes of it. */
const TEXTS = {
  company_name: { label: 'Company name', longest: 200, required: true },
  billing_email: { label: 'Billing address', longest: 254, required: false },
  industry: { label: 'Industry', longest: 100, required: false },
  company_size: { label: 'Company size', longest: 100, required: false },
  clerk_org_id: { label: 'Clerk organization', longest: 200, required: false },
} as const;
type Field = keyof typeof TEXTS;
const FIELDS = Object.keys(TEXTS) as Field[];

function Fields({ read: { customer, etag }, name, close }: { read: Read; name: string; close: () => void }) {
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
  const form = useForm<Record<Field | 'timezone', string>>({
    initialValues: {
      company_name: customer.company_name,
      billing_email: customer.billing_email ?? '',
      industry: customer.industry ?? '',
      company_size: customer.company_size ?? '',
      clerk_org_id: customer.clerk_org_id ?? '',
      timezone: customer.timezone,
    },
    validate: { ...Object.fromEntries(FIELDS.map((field) => [field, check(field)])) },
  });
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
      throw refusal;
    }
    close();
    say('Saved');
    await changed();
  });
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        {FIELDS.map((field) => (
          <TextInput key={field} label={TEXTS[field].label} required={TEXTS[field].required} {...form.getInputProps(field)} />
        ))}
        <Autocomplete label="Time zone" data={zones} limit={20} {...form.getInputProps('timezone')} />
        <FormEnd act="Save" busy={busy} error={error} disabled={!form.isDirty()} cancel={close} />
      </Stack>
    </form>
  );
}
