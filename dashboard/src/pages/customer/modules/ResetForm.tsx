import { Stack } from '@mantine/core';
import type { FormEvent } from 'react';
import { FormEnd } from '@/ui/FormEnd';
import { say } from '@/ui/notify';
import { useAct } from '@/ui/useAct';
import type { Customer } from '../customer';
import { useModuleChange } from './change';
import { Preview } from './Preview';
import type { Held } from './useModules';

/** Takes back what was decided for a customer. */
export function ResetForm({ customer, module, close }: { customer: Customer; module: Held; close: () => void }) {
  const { busy, error, run } = useAct();
  const { reset } = useModuleChange(customer, module);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!(await run(reset))) return;
    close();
    say(`The plan decides about ${module.name} again`);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="sm">
        <Preview customer={customer} module={module} />
        <FormEnd act="Back to the plan" busy={busy} error={error} cancel={close} />
      </Stack>
    </form>
  );
}
