import { Button, Group, Select, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, type Schema } from '@/api/client';
import { problemOf } from '@/api/problem';
import { taken } from '@/api/taken';
import { Failure } from '@/ui/Failure';
import { Panel } from '@/ui/Panel';
import { useSubmit } from '@/ui/useSubmit';
import { Modules } from './Modules';
import { Plans } from './Plans';
import classes from './SignUp.module.css';
import { bodyOf, idOf, rules, type SignUpValues, zones } from './signUpForm';
import { usePriceList } from './usePriceList';
import { useTakenBy } from './useTakenBy';

type SignUpFormProps = { initial: SignUpValues; done: (values: SignUpValues, begun: Schema<'SignUpView'>) => void };

/** Who signs up, with which plan. Enter sends it from every field. */
export function SignUpForm({ initial, done }: SignUpFormProps) {
  const form = useForm({ initialValues: initial, validate: rules });
  const list = usePriceList();
  const { busy, error, submit } = useSubmit(form, async (values) => {
    done(values, await taken(api.POST('/api/admin/customers', { body: bodyOf(values) })));
  });
  const { customer_id, name, plan, modules } = form.values;
  const owner = useTakenBy(customer_id);
  const rename = (next: string) => {
    // The short name follows the name until it is given one of its own.
    if (customer_id === idOf(name)) form.setFieldValue('customer_id', idOf(next));
    form.setFieldValue('name', next);
  };
  return (
    <form onSubmit={submit} noValidate className={classes.form}>
      <Panel title="Who">
        <Stack gap="sm">
          <TextInput label="Company" autoFocus required withAsterisk={false} autoComplete="off" {...form.getInputProps('name')} onChange={(event) => rename(event.currentTarget.value)} />
          <TextInput
            label="Customer id"
            description="What the customer is called in addresses, commands and the name of their database: a-z, 0-9, _ and -"
            required
            withAsterisk={false}
            autoComplete="off"
            spellCheck={false}
            classNames={{ input: classes.id }}
            {...form.getInputProps('customer_id')}
            error={form.errors.customer_id ?? (owner === null ? undefined : `is taken, by ${owner}`)}
          />
          <TextInput label="E-mail" description="Where invoices go" type="email" required withAsterisk={false} autoComplete="off" {...form.getInputProps('email')} />
          <Select label="Time zone" description="In which the customer’s days and months begin" data={zones} searchable limit={60} allowDeselect={false} selectFirstOptionOnChange {...form.getInputProps('timezone')} />
        </Stack>
      </Panel>
      <div className={classes.what}>
        <Panel title="What" note="Another plan and other modules can be chosen later">
          <Stack gap="md">
            <Plans list={list} plan={plan} choose={(next) => form.setValues({ plan: next, modules: null })} />
            <Modules list={list} plan={plan} chosen={modules} choose={(next) => form.setFieldValue('modules', next)} error={form.errors.modules} />
          </Stack>
        </Panel>
      </div>
      <div>
        {error !== null && <Failure problem={problemOf(error)} />}
        <Group gap="sm">
          <Button type="submit" size="sm" loading={busy}>
            Sign up
          </Button>
          <span className={classes.hint}>
            <kbd>Enter</kbd> does it too. The customer gets a database of their own and the first API key.
          </span>
        </Group>
      </div>
    </form>
  );
}
