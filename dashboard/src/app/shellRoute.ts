import { createRootRoute } from '@tanstack/react-router';
import { NotFound } from './NotFound';
import { Shell } from './Shell';

/** The frame round all pages. */
export const shellRoute = createRootRoute({ component: Shell, notFoundComponent: NotFound });
