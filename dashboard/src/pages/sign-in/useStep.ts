import { type FormEvent, useState } from 'react';
import { fieldErrors, type Problem, problemOf } from '@/api/problem';

/** A step of signing in: what is sent, whether it is under way, and what was wrong with it. */
export function useStep(send: () => Promise<unknown>) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await send();
    } catch (error) {
      setProblem(problemOf(error));
    }
    setBusy(false);
  };
  return { busy, problem, fields: problem ? fieldErrors(problem) : {}, submit: (event: FormEvent) => void submit(event) };
}
