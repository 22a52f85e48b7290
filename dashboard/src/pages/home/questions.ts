import type { Right } from '@/session/session';
import { type Moments, rangeQuery } from '@/ui/spans';

/** What the overview asks, and the right that each question takes. It is asked before the program is there, too (`src/early/early.ts`). */
export const questions = {
  traffic: (range: Moments) => ({ right: 'usage:read', path: '/api/admin/usage/series', query: rangeQuery(range) }) as const,
  growth: (range: Moments) => ({ right: 'customers:read', path: '/api/admin/statistics/customers', query: rangeQuery(range) }) as const,
  work: (range: Moments) => ({ right: 'customers:read', path: '/api/admin/statistics/work', query: rangeQuery(range) }) as const,
  adoption: (range: Moments) => ({ right: 'customers:read', path: '/api/admin/statistics/modules', query: rangeQuery(range) }) as const,
  health: () => ({ right: 'customers:read', path: '/api/admin/health', query: {} }) as const,
  newest: () => ({ right: 'customers:read', path: '/api/admin/customers', query: { sort: '-created_at', limit: 5 } }) as const,
  unfinished: () => ({ right: 'customers:read', path: '/api/admin/operations', query: { status: 'dead,running,queued', limit: 200 } }) as const,
  changes: () => ({ right: 'audit:read', path: '/api/admin/audit-logs', query: { limit: 7 } }) as const,
};

export type Question = { right: Right; path: string; query: Record<string, string | number> };

/** What the answer to a question is kept under. */
export const keyOf = ({ path, query }: Pick<Question, 'path' | 'query'>) => ['get', path, Object.keys(query).length > 0 ? { params: { query } } : {}];

/** All of them, of this range. */
export const overviewQuestions = (range: Moments): Question[] => Object.values(questions).map((of) => of(range));
