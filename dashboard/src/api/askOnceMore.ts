import type { Query, QueryClient } from '@tanstack/react-query';
import { askAgainCalmly, type Meant } from './askAgain';

/** For how long the first page has the browser and the server for itself, in milliseconds. */
const PAUSE = 4000;

/**
 * Has what was asked before now asked for once more, a while later and while the page has nothing else to do: nobody told of what changed
 * between its answer and now. What is asked anew until then needn't be. Answers what calls it off.
 */
export function askOnceMore(client: QueryClient, isMeant: Meant): () => void {
  // The answer that is under way is of before, too.
  const answers = new Map<Query, number>();
  for (const query of client.getQueryCache().findAll({ predicate: isMeant })) {
    answers.set(query, query.state.dataUpdateCount + (query.state.fetchStatus === 'fetching' ? 1 : 0));
  }
  const isOld: Meant = (query) => query.state.dataUpdateCount <= (answers.get(query) ?? -1);
  const ask = () => void askAgainCalmly(client, isOld);
  const timer = setTimeout(() => ('requestIdleCallback' in globalThis ? requestIdleCallback(ask) : ask()), PAUSE);
  return () => clearTimeout(timer);
}
