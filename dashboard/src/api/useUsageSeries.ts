import { answerBefore, type Asked } from './answerBefore';
import { queries } from './client';
import { useLastAnswer } from './lastAnswer';
import type { paths } from './schema';

type SeriesQuery = NonNullable<paths['/api/admin/usage/series']['get']['parameters']['query']>;

/**
 * Requests over a span that ends now, with what was answered to the same question before, as long as its span has only moved on. What is
 * shown of them doesn't depend on the parameters `but`.
 */
export function useUsageSeries(asked: SeriesQuery & Asked, but?: readonly string[]) {
  return useLastAnswer(asked, queries.useQuery('get', '/api/admin/usage/series', { params: { query: asked } }, { placeholderData: answerBefore(asked, but) }), but);
}
