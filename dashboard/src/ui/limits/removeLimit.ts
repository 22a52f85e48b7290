import type { QueryClient } from '@tanstack/react-query';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { confirm } from '../confirm';
import { say } from '../notify';
import { type Limit, limitsChanged, type Rate, rateOf } from './limit';

/** Takes a customer's own limit away. `general` is what holds for everybody, where that is known; null is no limit. */
export function removeLimit(client: QueryClient, customer: string, limit: Limit, general: Rate | null | undefined) {
  const where = limit.route === null ? 'over all routes' : `on ${limit.route}`;
  confirm({
    title: `Take the limit of ${customer} away?`,
    consequences: [
      `${rateOf(limit)} ${where} doesn’t hold any more.`,
      general === undefined ? 'What the configuration says for everybody holds again.' : `What holds for everybody holds again: ${general ? rateOf(general).toLowerCase() : 'no limit'}.`,
      'It acts on every server within a second.',
    ],
    act: 'Take it away',
    run: async () => {
      const params = { path: { customer }, query: { route: limit.route ?? undefined } };
      await taken(api.DELETE('/api/admin/customers/{customer}/limits', { params }));
      say('The limit is gone');
      await limitsChanged(client);
    },
  });
}
