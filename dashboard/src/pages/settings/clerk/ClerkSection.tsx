import { queries } from '@/api/client';
import { Figure, Figures } from '@/ui/Figure';
import { count } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { Messages } from './Messages';
import { Reconciliations } from './Reconciliations';

/** What Clerk told, whether all of it is done, and whether we know what Clerk knows. */
export default function ClerkSection() {
  const query = queries.useQuery('get', '/api/admin/clerk');
  return (
    <>
      <Loaded query={query}>
        {(clerk) => (
          <Figures>
            <Figure label="Organizations" value={count(clerk.organizations)} note={orphans(clerk.organizations_without_customer)} />
            <Figure label="Users" value={count(clerk.users)} />
            <Figure label="Memberships" value={count(clerk.memberships)} note={unsynced(clerk.memberships_unsynced)} />
            <Figure label="Messages waiting" value={count(clerk.messages.waiting)} />
            <Figure label="Messages failed" value={count(clerk.messages.failed)} note={clerk.messages.failed > 0 ? <span data-tone="bad">look at them below</span> : 'none to look at'} />
          </Figures>
        )}
      </Loaded>
      <Messages />
      <Panel title="Comparisons with Clerk" note="What we know, against what Clerk knows; each hour" flush>
        <Reconciliations />
      </Panel>
    </>
  );
}

const orphans = (without: number) => (without > 0 ? <span data-tone="bad">{count(without)} without a customer</span> : 'each has its customer');
const unsynced = (behind: number) => (behind > 0 ? <span data-tone="bad">{count(behind)} not in the customer’s database</span> : 'all in the customers’ databases');
