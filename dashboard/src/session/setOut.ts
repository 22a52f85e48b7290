// Signing in at a provider leads away from the page and back to `/admin`: with a session, or with a word for why there is none.

const KEY = 'sixty.set-out-from';

/** What the word in the address means (`crates/api/src/operator/openid_refusals.rs`). */
const REFUSALS: Record<string, string> = {
  'no-account': 'The provider knows you, but no operator here has your verified address. Ask an owner for an account.',
  'sign-in-refused': 'The provider vouched for nobody, or this browser has begun no sign-in within the last ten minutes. Begin anew.',
  'provider-away': 'The provider can’t be reached. Try again in a moment.',
  'provider-too-large': 'The provider answers more than is read here. Whoever runs it has to look: trying again doesn’t help.',
  unavailable: 'Nobody can be signed in right now. Try again in a moment.',
  'not-found': 'No provider is set up here.',
};

/** Why nobody was signed in, in a sentence: never what stands in the address, which anybody may have written. */
export const refusalOf = (word: string) => REFUSALS[word] ?? 'Nobody was signed in. What went wrong is in the server’s log.';

/** Notes the page from which somebody goes to the provider. */
export function setOut() {
  const { pathname, search, hash } = window.location;
  // A browser that keeps nothing for pages comes back to the overview.
  try {
    window.sessionStorage.setItem(KEY, pathname + search + hash);
  } catch {}
}

/** Where the address leads that somebody came back to: the page that they set out from, if it is one of ours, and why they were refused. */
export function wayBack({ pathname, search }: { pathname: string; search: string }, from: string | null): { to?: string; refused?: string } {
  if (!/^\/admin\/?$/.test(pathname)) return {};
  const refused = new URLSearchParams(search).get('refused') ?? undefined;
  if (search !== '' && refused === undefined) return {};
  const to = from !== null && /^\/admin(?:[/?#]|$)/.test(from) ? from : refused === undefined ? undefined : '/admin';
  return { to, refused };
}

let told: string | null = null;

/** Why the sign-in that somebody comes back from was refused; null when none was. */
export const refusal = () => told;

/** Somebody signed in otherwise: the next one who signs in isn't told of a refusal, and doesn't go on where another one set out. */
export function forgetSetOut() {
  told = null;
  try {
    window.sessionStorage.removeItem(KEY);
  } catch {}
}

/** Goes on at the page that somebody set out from. To be called before anybody reads the address. */
export function comeBack() {
  let from: string | null = null;
  try {
    from = window.sessionStorage.getItem(KEY);
    window.sessionStorage.removeItem(KEY);
  } catch {}
  const { to, refused } = wayBack(window.location, from);
  if (refused !== undefined) told = refusalOf(refused);
  if (to !== undefined) window.history.replaceState(null, '', to);
}
