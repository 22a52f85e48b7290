/** The longest customerId. */
export const LONGEST_ID = 40;

/** What is wrong with a customerId, as the API says it; null when nothing is. */
export function wrongId(id: string): string | null {
  if (id === '') return 'must not be empty: use 1 to 40 of a-z, 0-9, _ and -';
  if (!/^[a-z0-9_-]+$/.test(id)) return 'must match ^[a-z0-9_-]+$: only a-z, 0-9, _ and -';
  // It is where these pages sign customers up.
  if (id === 'new') return 'is reserved: /customers/new is an address of the dashboard';
  return id.length > LONGEST_ID ? 'must be at most 40 characters long' : null;
}
