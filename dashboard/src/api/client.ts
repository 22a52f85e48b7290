import createFetchClient, { type Middleware } from 'openapi-fetch';
import createQueryClient from 'openapi-react-query';
import { fetchOrEarly } from '@/early/answers';
import { isSomebodyThere } from './presence';
import { repeatable } from './repeatable';
import type { components, paths } from './schema';
import { watchful } from './signedOut';

/** A schema of the OpenAPI document. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

const modest: Middleware = {
  // What a page asks while nobody is at it keeps no session alive.
  onRequest({ request }) {
    if (request.method === 'GET' && !isSomebodyThere()) request.headers.set('Sixty-Background', 'true');
    return request;
  },
};

/** The operator API, typed by its OpenAPI document. The session is a cookie that no script can read. */
export const api = createFetchClient<paths>({ credentials: 'same-origin', fetch: (request) => fetchOrEarly(request) });
api.use(repeatable, modest, watchful);

/** The same as React hooks: `queries.useQuery('get', '/api/admin/customers', …)`. */
export const queries = createQueryClient(api);
