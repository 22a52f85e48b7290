/** Whose usage, and of which span. */
export type UsageFilter = { customer: string; 'created_at[gte]': string; 'created_at[lt]': string };
