import type { Schema } from '@/api/client';
import { differences } from './differences';

/** What a row changed, in one line. */
export function summaryOf(entry: Schema<'AuditLogView'>): string {
  const changed = differences(entry.old_values, entry.new_values).filter((row) => row.kind !== 'same');
  return changed
    .slice(0, 4)
    .map(({ name, before, after, kind }) => `${name} ${kind === 'changed' ? `${before} → ${after}` : (after ?? `${before} → –`)}`)
    .join(', ');
}
