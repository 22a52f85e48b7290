import { Checkbox, Group, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { askAgain } from '@/api/askAgain';
import { api, queries, type Schema } from '@/api/client';
import { optimistically } from '@/api/optimistic';
import { taken } from '@/api/taken';
import { openDialog } from '@/ui/dialogs';
import { FormEnd } from '@/ui/FormEnd';
import { dayOf, many } from '@/ui/format';
import { say } from '@/ui/notify';
import { TypedWord } from '@/ui/TypedWord';
import { useSubmit } from '@/ui/useSubmit';

type Module = Schema<'FeatureModuleView'>;

/** The listing of the modules. */
const MODULES = '/api/admin/modules';

/** Changes what a module costs, and whether it is on sale. */
export function openModule(module: Module) {
  openDialog({ title: `${module.name} in the price list`, content: (close) => <EditModule module={module} close={close} /> });
}

function EditModule({ module, close }: { module: Module; close: () => void }) {
  const client = useQueryClient();
  const [typed, setTyped] = useState('');
  const form = useForm({
    initialValues: { base_price_monthly: module.base_price_monthly, base_price_annual: module.base_price_annual, is_active: module.is_active },
    validate: { base_price_monthly: wrongPrice, base_price_annual: wrongPrice },
  });
  const { busy, error, submit } = useSubmit(form, async (values) => {
    const body: Schema<'PricePatch'> = {};
    if (form.isDirty('base_price_monthly')) body.base_price_monthly = values.base_price_monthly.trim();
    if (form.isDirty('base_price_annual')) body.base_price_annual = values.base_price_annual.trim();
    if (form.isDirty('is_active')) body.is_active = values.is_active;
    await optimistically<Module, unknown>(client, { path: MODULES }, (row) => (row.module_key === module.module_key ? { ...row, ...(body as Partial<Module>) } : row), () =>
      taken(api.PATCH('/api/admin/modules/{module_key}', { params: { path: { module_key: module.module_key } }, body })),
    );
    close();
    say(`${module.name} is changed in the price list`);
    await askAgain(client, /\/modules/);
  });
  const goesOff = module.is_active && !form.values.is_active;
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        <Group grow align="flex-start" gap="sm">
          <TextInput label={`A month, ${module.currency}`} inputMode="decimal" data-autofocus {...form.getInputProps('base_price_monthly')} />
          <TextInput label={`A year, ${module.currency}`} inputMode="decimal" {...form.getInputProps('base_price_annual')} />
        </Group>
        <Text size="xs" c="var(--ink-2)">
          Of what is listed from {dayOf(Date.now())} on. What was invoiced stays as it is.
        </Text>
        <Checkbox label="On sale" description="What isn’t on sale, no customer has" {...form.getInputProps('is_active', { type: 'checkbox' })} />
        {goesOff && (
          <>
            <OffSale module={module} />
            <TypedWord word={module.module_key} typed={typed} change={setTyped} />
          </>
        )}
        <FormEnd
          act={goesOff ? 'Take it off sale' : 'Save'}
          danger={goesOff}
          busy={busy}
          error={error}
          disabled={!form.isDirty() || (goesOff && typed !== module.module_key)}
          cancel={close}
        />
      </Stack>
    </form>
  );
}

/** What taking a module off sale does, to how many. */
function OffSale({ module }: { module: Module }) {
  const { data } = queries.useQuery('get', '/api/admin/statistics/modules', {});
  const customers = data?.data.find((one) => one.module_key === module.module_key)?.customers;
  return (
    <Text size="sm" c="var(--bad)" role="status">
      It goes off for every customer within a second{customers === undefined ? '' : `: ${many(customers, 'has', 'have')} it on now`}. Their requests to it are refused with 403; nothing is deleted.
    </Text>
  );
}

/** What is wrong with a price, as the API says it; null when nothing is. */
const wrongPrice = (price: string) => (/^\d{1,8}(\.\d{1,2})?$/.test(price.trim()) ? null : 'must be an amount such as 59.99');
