/** When a key ends, as one choice; `at` is a moment of one's own. */
export const EXPIRY = {
  never: { label: 'Never', days: null },
  '30d': { label: 'In 30 days', days: 30 },
  '90d': { label: 'In 90 days', days: 90 },
  '365d': { label: 'In a year', days: 365 },
  at: { label: 'At a time', days: null },
} as const;

export type Expiry = keyof typeof EXPIRY;

/** The moment of the choice; null is never. */
export function expiresAt(expiry: Expiry, at: string, now = Date.now()): string | null {
  if (expiry === 'at') return new Date(at).toISOString();
  const { days } = EXPIRY[expiry];
  return days === null ? null : new Date(now + days * 86_400_000).toISOString();
}

/** What is wrong with a moment of one's own; null when nothing is. */
export function wrongExpiry(expiry: Expiry, at: string): string | null {
  if (expiry !== 'at') return null;
  if (Number.isNaN(Date.parse(at))) return 'must be a date and a time';
  return Date.parse(at) > Date.now() ? null : 'must be in the future';
}
