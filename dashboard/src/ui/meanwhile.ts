/** What a form holds once the thing that it changes was changed by somebody else, and which fields that was. */
export type BroughtUp<Values> = { values: Values; changed: (keyof Values)[] };

/**
 * Brings a form up to the thing as it is now: what was written in it stays, and every other field takes the new value. Fields that
 * mean one thing together go together. A change to what stands in the field anyway is none.
 */
export function broughtUp<Values extends object>(written: Values, before: Values, now: Values, together: readonly (keyof Values)[][] = []): BroughtUp<Values> {
  const isWritten = (field: keyof Values) => !same(written[field], before[field]);
  const values = { ...now };
  const changed: (keyof Values)[] = [];
  for (const field of Object.keys(now) as (keyof Values)[]) {
    const fields = together.find((some) => some.includes(field)) ?? [field];
    if (fields.some(isWritten)) values[field] = written[field];
    if (!same(before[field], now[field]) && !same(written[field], now[field])) changed.push(field);
  }
  return { values, changed };
}

/** Whether two values of a field are the same: texts, numbers, lists of them. */
export const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
