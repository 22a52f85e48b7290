import type { FormErrors, UseFormReturnType } from '@mantine/form';
import { type FormEvent, useState } from 'react';
import { refusedFields } from '@/api/refusal';

/**
 * Sends a form: what the server refuses comes to stand at its fields, anything else is `error`, and the first wrong field
 * gets the focus. `customer` is the field that says whose thing is changed, where one does.
 */
export function useSubmit<Values extends Record<string, unknown>>(
  form: UseFormReturnType<Values>,
  send: (values: Values) => Promise<void>,
  customer?: keyof Values & string,
) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const focusFirst = (errors: FormErrors) => {
    const first = Object.keys(errors)[0];
    if (first) form.getInputNode(first)?.focus();
  };
  const run = async (values: Values) => {
    setBusy(true);
    setError(null);
    try {
      await send(values);
    } catch (thrown) {
      const refused = refusedFields(thrown, Object.keys(values), customer);
      if (refused) {
        form.setErrors(refused);
        focusFirst(refused);
      } else setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  const submit = form.onSubmit((values) => void run(values), focusFirst);
  return { busy, error, submit: submit as (event?: FormEvent<HTMLFormElement>) => void };
}
