import type { Operation } from '@/api/useOperation';
import { whatBecame } from '@/ui/became';
import { Notice } from '@/ui/Notice';

/** What became of an operation that didn’t succeed at once, why, and what to do. */
export function Outcome({ operation }: { operation: Operation }) {
  const became = whatBecame(operation);
  if (!became) return null;
  return (
    <Notice tone={became.tone} title={became.title}>
      {operation.error && (
        <p>
          <code>{operation.error}</code>
        </p>
      )}
      <p>{became.next}</p>
    </Notice>
  );
}
