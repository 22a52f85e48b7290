/** What a question is asked by: the API's parameters. */
export type Asked = Readonly<Record<string, unknown>>;
type Query = { queryKey: readonly unknown[] };

const [FROM, UNTIL] = ['created_at[gte]', 'created_at[lt]'];

/**
 * As `placeholderData`: what was answered before is shown on until the next answer is there, if the question is the same and only its span
 * has moved on, as one that ends now does. Another span, filter or grouping stands under other words, and what was answered before would be
 * false there. What is shown doesn't depend on the parameters `but`.
 */
export function answerBefore(asked: Asked, but: readonly string[] = []) {
  return <Data>(data: Data | undefined, before: Query | undefined): Data | undefined => (before && isSameQuestion(askedIn(before), asked, but) ? data : undefined);
}

const askedIn = ({ queryKey: [, , init] }: Query): Asked => (init as { params?: { query?: Asked } } | undefined)?.params?.query ?? {};

/** Whether what is asked now is what was asked before, of a span that at most has moved on. */
export function isSameQuestion(before: Asked, now: Asked, but: readonly string[] = []): boolean {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  for (const name of [FROM, UNTIL, ...but]) names.delete(name);
  return [...names].every((name) => before[name] === now[name]) && hasMovedOn(spanOf(before), spanOf(now));
}

const spanOf = (asked: Asked) => [FROM, UNTIL].map((name) => Date.parse(String(asked[name]))) as [number, number];

/** Whether the one span is as long as the other, and they have something in common; so have two that aren't given. */
function hasMovedOn(before: [number, number], now: [number, number]): boolean {
  if ([...before, ...now].every(Number.isNaN)) return true;
  return before[1] - before[0] === now[1] - now[0] && before[0] < now[1] && now[0] < before[1];
}
