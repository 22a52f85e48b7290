import { useState } from 'react';
import { fieldErrors, type Problem, problemOf } from '@/api/problem';

type Form<Values> = { setErrors: (errors: Record<string, string>) => void; values: Values };

/** Sends a form's values. What the API refuses is written to its fields; what belongs to no field is the problem. */
export function useSubmit<Values extends object>(form: Form<Values>, send: (values: Values) => Promise<unknown>) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = async (values: Values) => {
    setBusy(true);
    setProblem(null);
    try {
      await send(values);
    } catch (error) {
      const refused = problemOf(error);
      const fields = fieldErrors(refused);
      form.setErrors(fields);
      const isAtFields = refused.errors.length > 0 && Object.keys(fields).every((name) => name.split('.')[0]! in form.values);
      setProblem(isAtFields ? null : refused);
    }
    setBusy(false);
  };
  return { busy, problem, submit: (values: Values) => void submit(values) };
}
