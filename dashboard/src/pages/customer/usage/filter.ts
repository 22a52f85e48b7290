import type { Schema } from '@/api/client';

/** Whose usage, and of which span. */
export type UsageFilter = { customer: string; 'created_at[gte]': string; 'created_at[lt]': string };

/** The answer about usage, or how it stands. */
export type UsageQuery = { data: Schema<'UsageView'> | undefined; error: unknown; refetch: () => unknown };
