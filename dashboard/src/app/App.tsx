import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect } from 'react';
import { follow } from '@/api/live';
import { problemOf } from '@/api/problem';
import { onSignedOut } from '@/api/signedOut';
import { useSessionChange, useWho } from '@/session/session';
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
  useEffect(() => onSignedOut(ended));
  const isIn = who.data != null && who.data.session?.next == null;
  useEffect(() => (isIn ? follow(client) : undefined), [isIn]);
  if (who.data === undefined) {
    return who.error ? <Failure problem={problemOf(who.error)} retry={() => void who.refetch()} /> : null;
  }
  if (isIn) return <RouterProvider router={router} />;
  return <SignIn who={who.data} />;
}

const NoticesWhenWanted = () => useHasNotices() && <Notices />;
