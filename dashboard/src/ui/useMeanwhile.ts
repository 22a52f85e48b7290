import type { UseFormReturnType } from '@mantine/form';
import { useEffect, useRef, useState } from 'react';
import { broughtUp, same } from './meanwhile';

/** What somebody else changed while a form was open. */
export type Meanwhile<Values> = {
  /** Fields that were brought up to it. */
  taken: (keyof Values)[];
  /** Fields in which something else is written. */
  kept: (keyof Values)[];
  /** Tells of it no longer: after it was saved. */
  forget: () => void;
};

/**
 * Keeps a form up to the thing that it changes, as that is `now`, and says what somebody else changed since it was opened. Nothing that
 * was written is lost.
 */
export function useMeanwhile<Values extends Record<string, unknown>>(form: UseFormReturnType<Values>, now: Values, together?: readonly (keyof Values)[][]): Meanwhile<Values> {
  const before = useRef(now);
  const [changed, setChanged] = useState<readonly (keyof Values)[]>([]);
  useEffect(() => {
    if (same(before.current, now)) return;
    const up = broughtUp(form.getValues(), before.current, now, together);
    before.current = now;
    form.setInitialValues(now);
    form.setValues(up.values);
    setChanged((known) => [...new Set([...known, ...up.changed])]);
  });
  const isTaken = (field: keyof Values) => same(form.values[field], now[field]);
  return { taken: changed.filter(isTaken), kept: changed.filter((field) => !isTaken(field)), forget: () => setChanged([]) };
}
