import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { follow } from '@/api/live';
import { problemOf } from '@/api/problem';
import { onSignedOut } from '@/api/signedOut';
import { personOf, putAway, useSessionChange, useWho, whenGone } from '@/session/session';
import { codesFor, type KeptCodes, stepOf } from '@/session/step';
import { theme, variables } from '@/theme/theme';
import { Failure } from '@/ui/Failure';
import { Guard } from '@/ui/Guard';
import { useHasNotices } from '@/ui/notify';
import { part } from '@/ui/part';
import { client } from './client';
import { Notices } from './parts';
import { router } from './router';

const SignIn = part(() => import('@/pages/sign-in/SignIn'));

/** The dashboard: sign-in, or the pages in their frame. */
export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <Guard>
          <Door />
        </Guard>
        <Guard floats>
          <NoticesWhenWanted />
        </Guard>
      </QueryClientProvider>
    </MantineProvider>
  );
}

function Door() {
  const who = useWho();
  const { ended } = useSessionChange();
  // Here, since a step of signing in is gone as soon as the session is past it.
  const [kept, keep] = useState<KeptCodes | null>(null);
  const codes = codesFor(kept, who.data ?? null);
  const areOthers = kept !== null && codes === null;
  useEffect(() => {
    if (areOthers) keep(null);
  }, [areOthers]);
  useEffect(() => onSignedOut(ended));
  useEffect(() => whenGone(client, (now) => putAway(client, now)), []);
  const isIn = who.data !== undefined && stepOf(who.data, codes) === null;
  const person = personOf(who.data);
  useEffect(() => (isIn ? follow(client) : undefined), [isIn, person]);
  if (who.data === undefined) {
    return who.error ? <Failure problem={problemOf(who.error)} retry={() => void who.refetch()} /> : null;
  }
  // Somebody else's pages begin anew.
  if (isIn) return <RouterProvider key={person} router={router} />;
  return <SignIn who={who.data} codes={codes} showCodes={(shown) => keep(shown && { of: person, codes: shown })} />;
}

const NoticesWhenWanted = () => useHasNotices() && <Notices />;
