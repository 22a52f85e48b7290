import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { queries } from '@/api/client';
import { hasEnded, type Operation } from '@/api/useOperation';
import { useMay } from '@/session/session';
import { Stacked } from '@/ui/Columns';
import { Empty } from '@/ui/Empty';
import { LiveOperation } from '@/ui/LiveOperation';
import { Loaded } from '@/ui/Loaded';
import { operationName } from '@/ui/operations';
import { PageHeader } from '@/ui/PageHeader';
import { Panel } from '@/ui/Panel';
import { Timeline } from './overview/Timeline';

/** A customer who isn't there: not yet, not any more, or never was. What is, or was, done about them is shown. */
export function NotThere({ name }: { name: string }) {
  const may = useMay();
  const query = queries.useQuery('get', '/api/admin/operations', { params: { query: { customer: name, limit: 1 } } });
  const [newest] = query.data?.data ?? [];
  return (
    <>
      <PageHeader title={name} note={noteOf(newest)} />
      <Loaded query={query}>
        {() =>
          newest ? (
            <Stacked>
              <Panel title={`${operationName(newest.kind)} of ${name}`} note="The newest operation on this customer">
                <LiveOperation id={newest.id} />
              </Panel>
              {may('audit:read') && isGone(newest) && <Timeline isGone customer={{ customer_id: name, id: newest.customer_uuid }} />}
            </Stacked>
          ) : (
            <Never />
          )
        }
      </Loaded>
    </>
  );
}

const isGone = ({ kind, status }: Operation) => kind === 'customer_delete' && status === 'succeeded';

function noteOf(newest: Operation | undefined): string {
  if (newest === undefined) return 'No customer is called so.';
  if (isGone(newest)) return 'The customer was deleted. What was done stays written down.';
  if (newest.kind === 'customer_delete') return 'The customer is being deleted, and served no more.';
  if (newest.is_being_undone && !hasEnded(newest)) return 'The customer isn’t there: what was begun is being undone.';
  return hasEnded(newest) ? 'No customer is called so.' : 'The customer isn’t there yet: the steps are under way.';
}

const Never = () => (
  <Panel flush>
    <Empty
      title="No customer is called so, and nothing was ever done about one"
      action={
        <Anchor component={Link} to="/customers" size="sm">
          All customers
        </Anchor>
      }
    >
      Look for typing errors, or press Ctrl K to find a customer by name, address or id.
    </Empty>
  </Panel>
);
