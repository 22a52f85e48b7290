import type { Looked } from '@/ui/found';

/**
 * How far the list of single requests has looked, when it answered before its page was full: it does after some seconds. Undefined when the
 * page is full, or nothing is left to look through.
 */
export function lookedFor({ data, next_cursor: next }: { data: readonly unknown[]; next_cursor: string | null }, limit: number): Looked | undefined {
  return next !== null && data.length < limit ? { backTo: momentOf(next) } : undefined;
}

/** The moment at which a page ended, by its cursor. How that is written is the server's own business: what isn't understood says nothing. */
function momentOf(cursor: string): string | undefined {
  try {
    const { v: moment } = JSON.parse(atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))) as { v?: unknown };
    return typeof moment === 'string' && /^\d{4}-\d\d-\d\dT/.test(moment) && !Number.isNaN(Date.parse(moment)) ? moment : undefined;
  } catch {
    return undefined;
  }
}
