import type { Problem } from '@/api/problem';

const missing = new WeakSet<object>();

/** Notes that a part of the program couldn't be fetched, by what was thrown. */
export const noteMissing = (error: object) => void missing.add(error);

/** Whether this is thrown because a part of the program couldn't be fetched. */
export const isMissing = (error: unknown) => typeof error === 'object' && error !== null && missing.has(error);

/** What is said of it. A browser may ask only once for a script that failed: the page anew asks again. */
export const MISSING: Problem = {
  type: 'about:blank',
  title: 'A part of the dashboard can’t be fetched',
  status: 0,
  detail: 'The server can’t be reached, or was renewed since this page was loaded. Reload the page to fetch it; what was written here and not sent is lost.',
  errors: [],
};

/** The page isn't loaded anew by itself more often than this, in milliseconds. */
const CALM = 60_000;
const KEY = 'reloaded';

/** Loads the page anew: one that was opened before the server was renewed misses its scripts, and the new page has them. What is missing then is told. */
export function reloadOnce() {
  const before = Number(sessionStorage.getItem(KEY) ?? 0);
  if (Date.now() - before < CALM) return;
  sessionStorage.setItem(KEY, String(Date.now()));
  window.location.reload();
}
