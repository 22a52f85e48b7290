// Runs while the browser still reads the program: asks who is signed in, and for them what the overview shows when it is the overview that
// is opened. The program takes these answers for its own first ones (`answers.ts`). Nothing of the program is imported here, but types.
import type { Schema } from '@/api/client';
import { overviewQuestions } from '@/pages/home/questions';
import { endingAt, rangeOf } from '@/ui/spans';
import { askEarly } from './answers';
import { askWho } from './who';

async function ask() {
  const answer = await askWho({
    hasSession: async () => ((await (await askEarly('/api/admin/session/ways')).json()) as Schema<'SignInWaysView'>).has_session,
    session: () => askEarly('/api/admin/session'),
  });
  if (!answer?.ok) return;
  const who = (await answer.json()) as Schema<'WhoView'>;
  const { pathname, search } = window.location;
  // Whoever still has to choose a password, say, sees no page yet.
  if (who.session?.next != null || !/^\/admin\/?$/.test(pathname)) return;
  const { range, from, until } = rangeOf(Object.fromEntries(new URLSearchParams(search)));
  const shown = from && until ? { from, until } : endingAt(range ?? '24h', Date.now());
  for (const { right, path, query } of overviewQuestions(shown)) {
    const asked = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
    if (who.permissions.includes(right)) void askEarly(`${path}?${asked}`).catch(() => {});
  }
}

// Whoever needs an answer that couldn't be had asks again, and says what went wrong.
void ask().catch(() => {});
