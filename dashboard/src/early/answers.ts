// What is asked of the API before the program is there that needs the answers. Each is taken once: by the program when it begins, or by the
// first question that is the same.

/** For how long an early answer counts, in milliseconds: as long as one that a page asked for itself isn't asked for again. */
const FRESH = 10_000;

type Early = { at: number; answer: Promise<Response>; data?: unknown };
const asked = new Map<string, Early>();

/** Asks now what the program will ask soon. The answer may be read; what the program is given is another copy. */
export function askEarly(path: string): Promise<Response> {
  const early: Early = { at: performance.now(), answer: fetch(path) };
  asked.set(addressOf(path), early);
  return early.answer.then((response) => {
    if (response.ok) void response.clone().json().then((data: unknown) => (early.data = data), () => {});
    return response.clone();
  });
}

/** What is known already of what was asked early; undefined when it is still under way. */
export function takeEarly(path: string): unknown {
  const address = addressOf(path);
  const early = asked.get(address);
  if (early?.data === undefined || !isFresh(early)) return undefined;
  asked.delete(address);
  return early.data;
}

/** As `fetch`, with the early answer to the same question when there is one. */
export async function fetchOrEarly(request: Request, ask: (request: Request) => Promise<Response> = fetch): Promise<Response> {
  const address = addressOf(request.url);
  const early = request.method === 'GET' ? asked.get(address) : undefined;
  if (!early) return ask(request);
  asked.delete(address);
  // What couldn't be asked then is asked now.
  return isFresh(early) ? early.answer.catch(() => ask(request)) : ask(request);
}

const isFresh = ({ at }: Early) => performance.now() - at < FRESH;

/** The same for two ways of writing the same question. */
function addressOf(url: string): string {
  const { pathname, searchParams } = new URL(url, window.location.origin);
  searchParams.sort();
  return `${pathname}?${searchParams}`;
}
