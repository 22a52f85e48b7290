import createFetchClient, { type Middleware } from 'openapi-fetch';
import createQueryClient from 'openapi-react-query';
import { fetchOrEarly } from '@/early/answers';
import { isSomebodyThere } from './presence';
import { repeatable } from './repeatable';
import type { components, paths } from './schema';

/** A schema of the OpenAPI document. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

const modest: Middleware = {
  // What a page asks while nobody is at it keeps no session alive.
  onRequest({ request }) {
    if (request.method === 'GET' && !isSomebodyThere()) request.headers.set('Sixty-Background', 'true');
    return request;
  },
};

let signedOut: () => void = () => {};

/** Says what to do when the server doesn't know the session any more. */
export function onSignedOut(act: () => void) {
  signedOut = act;
}

const watchful: Middleware = {
  onResponse({ response, schemaPath }) {
    if (response.status === 401 && !schemaPath.startsWith('/api/admin/session')) signedOut();
    return response;
  },
};

/** The operator API, typed by its OpenAPI document. The session is a cookie that no script can read. */
export const api = createFetchClient<paths>({ credentials: 'same-origin', fetch: (request) => fetchOrEarly(request) });
api.use(repeatable, modest, watchful);

/** The same as React hooks: `queries.useQuery('get', '/api/admin/customers', …)`. */
export const queries = createQueryClient(api);
