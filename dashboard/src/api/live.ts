import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';

/** What the server tells of: `{topic, customer, id}`. */
type Change = { topic: string; customer: string | null; id: string | null };

export type LiveState = 'connecting' | 'live' | 'away';

// Which questions a change makes stale, by the path that was asked.
const STALE: Record<string, RegExp> = {
  customers: /\/(customers|statistics|search|provision)/,
  operations: /\/(operations|statistics|customers\/[^/]+(\/timeline)?$|customers$)/,
  jobs: /\/(jobs|statistics)/,
  api_keys: /\/(api-keys|timeline|search|impersonations)/,
  modules: /\/(modules|timeline|statistics)/,
  audit: /\/(audit-logs|timeline)/,
  usage: /\/(usage|statistics\/modules)/,
  operators: /\/(operators|sessions|tokens)/,
  clerk: /\/clerk/,
  backups: /\/(backups|timeline)/,
  secrets: /\/secrets/,
};

/** No topic is asked for again more often than this, in milliseconds. */
const CALM = 1000;
/** Requests come in all the time: what sums them up is asked for again less often. */
const USAGE_CALM = 5000;

let state: LiveState = 'connecting';
const watchers = new Set<() => void>();

function become(next: LiveState) {
  if (state === next) return;
  state = next;
  for (const watcher of watchers) watcher();
}

/** Whether changes arrive by themselves. */
export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => state,
  );
}

/** Follows the server's stream of changes and asks again for what they touch. Answers the function that ends it. */
export function follow(client: QueryClient): () => void {
  const waiting = new Map<string, ReturnType<typeof setTimeout>>();
  const refresh = (topic: string) => {
    waiting.delete(topic);
    const stale = STALE[topic];
    if (!stale) return;
    void client.invalidateQueries({
      predicate: ({ queryKey }) => typeof queryKey[1] === 'string' && stale.test(queryKey[1]),
    });
  };
  const source = new EventSource('/api/admin/events');
  let missed = false;
  source.onopen = () => {
    become('live');
    // What happened while nobody told us is asked for.
    if (missed) void client.invalidateQueries();
    missed = false;
  };
  source.onerror = () => {
    missed = true;
    become('away');
  };
  source.addEventListener('change', (event) => {
    const { topic } = JSON.parse((event as MessageEvent<string>).data) as Change;
    if (!waiting.has(topic)) waiting.set(topic, setTimeout(() => refresh(topic), topic === 'usage' ? USAGE_CALM : CALM));
  });
  return () => {
    source.close();
    for (const timer of waiting.values()) clearTimeout(timer);
    become('connecting');
  };
}
