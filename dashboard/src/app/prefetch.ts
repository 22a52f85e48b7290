import { soon } from './parts';

/** How long after the first page what may be wanted next is loaded, in milliseconds. */
const PAUSE = 2500;

/** Loads what isn't on the first page and is soon asked for (menus, dialogs, hints, the palette) while nothing else goes on. */
export function prefetchSoon(): () => void {
  const load = () => soon.forEach((part) => void part.load());
  const timer = setTimeout(() => ('requestIdleCallback' in window ? requestIdleCallback(load) : load()), PAUSE);
  return () => clearTimeout(timer);
}
