import type { Schema } from '@/api/client';
import { differences } from './differences';

// What says most about a row comes first.
const TELLING = ['reason', 'path', 'permission', 'status', 'name', 'company_name', 'email', 'roles', 'module_key', 'access', 'until', 'requests', 'trusted', 'domains'];
const IS_EMPTY = /^(null|\[\]|\{\}|)$/;
const IS_ID = /^[0-9a-f]{8}-[0-9a-f-]{27}$|^[0-9a-f]{32,}$/;

/** What a row changed, in one line. All of it is in the row itself. */
export function summaryOf(entry: Schema<'AuditLogView'>): string {
  const rank = (name: string) => (TELLING.includes(name) ? TELLING.indexOf(name) : TELLING.length);
  return differences(entry.old_values, entry.new_values)
    .filter(({ kind, after, before }) => kind === 'changed' || (kind !== 'same' && !IS_EMPTY.test(after ?? before ?? '') && !IS_ID.test(after ?? before ?? '')))
    .sort((one, other) => rank(one.name) - rank(other.name))
    .slice(0, 4)
    .map(({ name, before, after, kind }) => `${name.replaceAll('_', ' ')}: ${kind === 'changed' ? `${spoken(before)} → ${spoken(after)}` : after === null ? `${spoken(before)} → –` : spoken(after)}`)
    .join(' · ');
}

/** A value as people say it: of a list, the names alone. */
function spoken(value: string | null): string {
  if (!value?.startsWith('[')) return value ?? '–';
  const named = (one: unknown) => (typeof one === 'object' && one !== null && 'name' in one ? String(one.name) : typeof one === 'string' ? one : JSON.stringify(one));
  try {
    return (JSON.parse(value) as unknown[]).map(named).join(', ') || '–';
  } catch {
    // A text that only looks like a list.
    return value;
  }
}
