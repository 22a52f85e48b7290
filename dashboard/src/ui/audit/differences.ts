/** A value that is there before, after, or both. */
export type Difference = { name: string; before: string | null; after: string | null; kind: 'added' | 'removed' | 'changed' | 'same' };

/** The old and the new values beside each other, flat: `modules.crm_core`. What changed comes first. */
export function differences(before: unknown, after: unknown): Difference[] {
  const [old, fresh] = [flat(before), flat(after)];
  const rows = [...new Set([...old.keys(), ...fresh.keys()])].map((name): Difference => {
    const [was, is] = [old.get(name) ?? null, fresh.get(name) ?? null];
    return { name, before: was, after: is, kind: was === is ? 'same' : was === null ? 'added' : is === null ? 'removed' : 'changed' };
  });
  return rows.sort((one, other) => Number(one.kind === 'same') - Number(other.kind === 'same') || one.name.localeCompare(other.name));
}

function flat(value: unknown, name = '', into = new Map<string, string>()): Map<string, string> {
  if (value === null || value === undefined) {
    if (name) into.set(name, 'null');
  } else if (typeof value === 'object' && !Array.isArray(value)) {
    const parts = Object.entries(value);
    if (parts.length === 0 && name) into.set(name, '{}');
    for (const [key, part] of parts) flat(part, name ? `${name}.${key}` : key, into);
  } else {
    into.set(name || 'value', textOf(value));
  }
  return into;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  // A list is long as a line: a space after each of its elements is where it breaks.
  return Array.isArray(value) ? `[${value.map((one) => JSON.stringify(one)).join(', ')}]` : JSON.stringify(value);
}
