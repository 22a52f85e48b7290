import { createRouter } from '@tanstack/react-router';
import { pages } from '@/navigation';
import { comeBack } from '@/session/setOut';
import { shellRoute } from './shellRoute';

// The router reads the address when it is made.
comeBack();

/** All addresses, below /admin. */
export const router = createRouter({
  routeTree: shellRoute.addChildren(pages.flatMap((page) => [...page.routes])),
  basepath: '/admin',
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  // The guards round the pages and round everything say what broke, and what to do.
  disableGlobalCatchBoundary: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
