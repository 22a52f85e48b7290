/** What is known of a question: its last answer, when that was, and why the newest one failed. */
export type Answered = { data: unknown; error: unknown; dataUpdatedAt: number };

/** From when the answer is that is still shown, where it can't be asked for anew; null where it is of now, or there is none. */
export function keptFrom(query: Answered): number | null {
  // Whoever looks at the moment is drawn again at each answer, also when it is the same one.
  return query.error != null && query.data !== undefined ? query.dataUpdatedAt : null;
}
