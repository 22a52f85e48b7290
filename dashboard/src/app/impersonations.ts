import { useSyncExternalStore } from 'react';

/** An impersonation of the operator's own: where it is. Never its key. */
export type OwnImpersonation = { customer: string; id: string };

const PLACE = 'impersonations';
const watchers = new Set<() => void>();
let known: readonly OwnImpersonation[] = read();

function read(): OwnImpersonation[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(PLACE) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isOne) : [];
  } catch {
    return [];
  }
}

const isOne = (value: unknown): value is OwnImpersonation =>
  typeof value === 'object' && value !== null && typeof (value as OwnImpersonation).customer === 'string' && typeof (value as OwnImpersonation).id === 'string';

function keep(next: readonly OwnImpersonation[]) {
  known = next;
  sessionStorage.setItem(PLACE, JSON.stringify(next));
  for (const watcher of watchers) watcher();
}

/** Remembers that an impersonation of one's own is there, so that every page says so. */
export function rememberImpersonation(one: OwnImpersonation) {
  if (!known.some(({ id }) => id === one.id)) keep([...known, one]);
}

/** Forgets one that is over. */
export function forgetImpersonation(id: string) {
  if (known.some((one) => one.id === id)) keep(known.filter((one) => one.id !== id));
}

/** The impersonations that this window knows of; whether they still hold is for the server to say. */
export function useOwnImpersonations(): readonly OwnImpersonation[] {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => known,
  );
}
