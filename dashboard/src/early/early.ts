// Runs while the browser still reads the program: asks who is signed in, and for them what the overview shows when it is the overview that
// is opened. The program takes these answers for its own first ones (`answers.ts`). Nothing of the program is imported here, but types.
import type { Schema } from '@/api/client';
import { overviewQuestions, type Question } from '@/pages/home/questions';
import { endingAt, rangeOf } from '@/ui/spans';
import { askEarly, takeEarly } from './answers';
import { askWho } from './who';

const SESSION = '/api/admin/session';
const WAYS = '/api/admin/session/ways';
const questions: Question[] = [];

async function ask() {
  const answer = await askWho({
    hasSession: async () => ((await (await askEarly(WAYS)).json()) as Schema<'SignInWaysView'>).has_session,
    session: () => askEarly(SESSION),
  });
  if (!answer?.ok) return;
  const who = (await answer.json()) as Schema<'WhoView'>;
  const { pathname, search } = window.location;
  // Whoever still has to choose a password, say, sees no page yet.
  if (who.session?.next != null || !/^\/admin\/?$/.test(pathname)) return;
  const { range, from, until } = rangeOf(Object.fromEntries(new URLSearchParams(search)));
  const shown = from && until ? { from, until } : endingAt(range ?? '24h', Date.now());
  questions.push(...overviewQuestions(shown).filter(({ right }) => who.permissions.includes(right)));
  for (const question of questions) void askEarly(addressOf(question)).catch(() => {});
}

function addressOf({ path, query }: Question): string {
  return `${path}?${new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]))}`;
}

/** What was asked early and is answered already: who is signed in, and what the overview shows. */
export function known() {
  const who = takeEarly(SESSION) as Schema<'WhoView'> | undefined;
  // It is of before whatever happens on the page now.
  if (who) takeEarly(WAYS);
  const answers = questions.map((question) => ({ question, data: takeEarly(addressOf(question)) }));
  return { who, answers: answers.filter(({ data }) => data !== undefined) };
}

// Whoever needs an answer that couldn't be had asks again, and says what went wrong.
void ask().catch(() => {});
