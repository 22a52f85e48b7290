// What is asked of the API before the program is there that needs the answers. Each is taken once, by the first question that is the same.

/** For how long an early answer counts, in milliseconds: as long as one that a page asked for itself isn't asked for again. */
const FRESH = 10_000;

type Early = { at: number; answer: Promise<Response> };
const asked = new Map<string, Early>();

/** Asks now what the program will ask soon. The answer may be read; what the program is given is another copy. */
export function askEarly(path: string): Promise<Response> {
  const answer = fetch(path);
  asked.set(addressOf(path), { at: performance.now(), answer });
  return answer.then((response) => response.clone());
}

/** As `fetch`, with the early answer to the same question when there is one. */
export async function fetchOrEarly(request: Request, ask: (request: Request) => Promise<Response> = fetch): Promise<Response> {
  const address = addressOf(request.url);
  const early = request.method === 'GET' ? asked.get(address) : undefined;
  if (!early) return ask(request);
  asked.delete(address);
  if (performance.now() - early.at > FRESH) return ask(request);
  // What couldn't be asked then is asked now.
  return early.answer.catch(() => ask(request));
}

/** The same for two ways of writing the same question. */
function addressOf(url: string): string {
  const { pathname, searchParams } = new URL(url, window.location.origin);
  searchParams.sort();
  return `${pathname}?${searchParams}`;
}
