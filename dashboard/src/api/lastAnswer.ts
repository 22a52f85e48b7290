import { useRef } from 'react';
import { type Asked, isSameQuestion } from './answerBefore';

type Query<Data> = { data: Data | undefined; error: unknown; dataUpdatedAt: number; isPlaceholderData: boolean };

/** The last answer to a question, when it was given, and why there is none of now. */
export type LastAnswer<Data> = { asked: Asked; data: Data; dataUpdatedAt: number; error: unknown };

/** What is known of a question now that this is asked; null when it wasn't answered yet. It goes on to each next step of its span. */
export function lastAnswer<Data>(before: LastAnswer<Data> | null, asked: Asked, query: Query<Data>, but: readonly string[] = []): LastAnswer<Data> | null {
  const { data, error, dataUpdatedAt, isPlaceholderData } = query;
  if (data !== undefined && !isPlaceholderData) return { asked, data, dataUpdatedAt, error };
  // That the step before couldn't be asked is all that is known until this one is answered.
  return before && isSameQuestion(before.asked, asked, but) ? { ...before, asked, error: error ?? before.error } : null;
}

/**
 * A question about a span that ends now, with its last answer as long as there is none for the span's present step: each step is asked
 * for by itself, and one that can't be asked has no answer of before. With `answerBefore`, and the same `but`.
 */
export function useLastAnswer<Data, More extends { isLoading: boolean; refetch: () => unknown }>(asked: Asked, query: Query<Data> & More, but?: readonly string[]) {
  const last = useRef<LastAnswer<Data>>(null);
  last.current = lastAnswer(last.current, asked, query, but);
  const { data, error, dataUpdatedAt } = last.current ?? query;
  const { isLoading, refetch } = query;
  // What was answered to this very question stands for no other one.
  const isPlaceholderData = query.isPlaceholderData && last.current === null;
  return { data, error, dataUpdatedAt, isPlaceholderData, isLoading, refetch };
}
