/** A moment as the browser's field for date and time has it: local, to the minute, without a zone. */
export function toLocal(at: string | null | undefined): string {
  if (!at) return '';
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** What such a field says as RFC 3339 in UTC; null when it is empty. */
export const fromLocal = (text: string): string | null => (text ? new Date(text).toISOString() : null);
