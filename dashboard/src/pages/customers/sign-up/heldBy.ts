import { hasEnded, type Operation } from '@/api/useOperation';
import { operationName } from '@/ui/operations';

/**
 * Who has a customerId that no customer of the list is called by, told by the last operation on it; null when nobody is known to.
 * Whoever was deleted keeps their customerId, a sign-up that came to nothing doesn’t.
 */
export function heldBy(last: Pick<Operation, 'kind' | 'status'> | undefined): string | null {
  if (!last || last.status === 'failed' || last.status === 'canceled') return null;
  if (last.kind === 'customer_delete') return last.status === 'succeeded' ? 'a customer who was deleted' : 'a customer who is being deleted';
  const work = `a ${operationName(last.kind).toLowerCase()}`;
  if (last.status === 'dead') return `${work} that was given up`;
  return hasEnded(last) ? null : `${work} under way`;
}
