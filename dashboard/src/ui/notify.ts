import { problemOf } from '@/api/problem';
import { useSyncExternalStore } from 'react';

// What says something in the corner is loaded when there is something to say.
let isWanted = false;
const watchers = new Set<() => void>();

/** Whether anything was ever said: from then on, there is a corner for it. */
export const useHasNotices = () =>
  useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => isWanted,
  );

async function show(notice: { title: string; message: string; color: string; autoClose: number }) {
  isWanted = true;
  for (const watcher of watchers) watcher();
  const { notifications } = await import('@mantine/notifications');
  notifications.show(notice);
}

/** Takes away what was said. */
export function hush() {
  // What was never loaded has said nothing.
  if (isWanted) void import('@mantine/notifications').then(({ notifications }) => notifications.clean());
}

/** Says that something was done. */
export function say(title: string, message = '') {
  void show({ title, message, color: 'petrol', autoClose: 5000 });
}

/** Says that something failed, and why. */
export function complain(error: unknown) {
  const { title, detail, instance } = problemOf(error);
  void show({ title, message: instance ? `${detail} (request ${instance})` : detail, color: 'red', autoClose: 12_000 });
}
