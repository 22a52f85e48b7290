import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { askAgainCalmly, askedBy } from './askAgain';
import { askOnceMore } from './askOnceMore';

/** What the server tells of: `{topic, customer, id}`. */
type Change = { topic: string; customer: string | null; id: string | null };

export type LiveState = 'connecting' | 'live' | 'away';

// Which questions a change makes stale, by the path that was asked.
export const STALE: Record<string, RegExp> = {
  customers: /\/(customers|statistics|search|provision|limits)/,
  operations: /\/(operations|statistics|customers\/[^/]+(\/timeline)?$|customers$)/,
  jobs: /\/(jobs|statistics)/,
  api_keys: /\/(api-keys|timeline|search|impersonations)/,
  modules: /\/(modules|plan|timeline|statistics)/,
  audit: /\/(audit-logs|audit-streams|timeline|saved-views)/,
  usage: /\/(usage|statistics\/modules)/,
  operators: /\/(operators|sessions|tokens|passkeys)/,
  clerk: /\/(clerk|users)/,
  backups: /\/(backups|timeline)/,
  secrets: /\/secrets/,
};

/** Whether changes of what is asked are told. */
const isToldOf = askedBy(new RegExp(Object.values(STALE).map(({ source }) => source).join('|')));

/** No topic is asked for again more often than this, in milliseconds. */
const CALM = 1000;
/** Requests come in all the time: what sums them up is asked for again less often. */
const USAGE_CALM = 5000;

/** How long is waited before the stream is asked for again, in milliseconds: doubled each time. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;

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
    void askAgainCalmly(client, askedBy(stale));
    // One's own roles may be among what changed.
    if (topic === 'operators') void askAgainCalmly(client, ({ queryKey }) => queryKey[0] === 'session');
  };
  let source: EventSource | undefined;
  let missed = false;
  let pause = FIRST_PAUSE;
  let reopening: ReturnType<typeof setTimeout> | undefined;
  let forgetEarly = () => {};
  const open = () => {
    source = new EventSource('/api/admin/events');
    source.onopen = () => {
      pause = FIRST_PAUSE;
      become('live');
      // What happened while nobody told us is asked for; before the first time, only what was asked already can be too old.
      if (missed) void askAgainCalmly(client, () => true);
      else forgetEarly = askOnceMore(client, isToldOf);
      missed = false;
    };
    source.onerror = () => {
      missed = true;
      become('away');
      // The browser tries again by itself after a lost connection, and not after an answer that was no stream.
      if (source?.readyState !== EventSource.CLOSED) return;
      reopening = setTimeout(open, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    };
    source.addEventListener('change', (event) => {
      const { topic } = JSON.parse((event as MessageEvent<string>).data) as Change;
      if (!waiting.has(topic)) waiting.set(topic, setTimeout(() => refresh(topic), topic === 'usage' ? USAGE_CALM : CALM));
    });
  };
  const close = () => {
    clearTimeout(reopening);
    forgetEarly();
    source?.close();
    missed = true;
    become('connecting');
  };
  // Without HTTP/2 a browser has six connections to a server over all its tabs: one that nobody sees gives its own back.
  const turn = () => {
    close();
    if (!document.hidden) open();
  };
  document.addEventListener('visibilitychange', turn);
  if (!document.hidden) open();
  return () => {
    document.removeEventListener('visibilitychange', turn);
    close();
    for (const timer of waiting.values()) clearTimeout(timer);
  };
}
