import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { queries, type Schema } from '@/api/client';
import { problemOf } from '@/api/problem';
import { useWho } from '@/session/session';
import { span } from '@/ui/format';
import { useSeconds } from '@/ui/useSeconds';
import classes from './ImpersonationBanner.module.css';
import { forgetImpersonation, type OwnImpersonation, useOwnImpersonations } from './impersonations';
import { useEndImpersonation } from './useEndImpersonation';

/** How often it is looked whether an impersonation still holds, in milliseconds: somebody else may have revoked its key. */
const LOOK = 15_000;

/** Says on every page that the operator acts in a customer's place, for how long still, and ends it. */
export function ImpersonationBanner() {
  const own = useOwnImpersonations();
  return own.map((one) => <Checked key={one.id} {...one} />);
}

function Checked({ customer, id }: OwnImpersonation) {
  const { data: who } = useWho();
  const query = queries.useQuery('get', '/api/admin/customers/{customer}/impersonations', { params: { path: { customer } } }, { refetchInterval: LOOK });
  const found = query.data?.data.find((one) => one.id === id && one.operator_id === who?.operator_id);
  const isRefused = query.error != null && [403, 404].includes(problemOf(query.error).status);
  const isOver = isRefused || (query.isSuccess && !query.isFetching && (found === undefined || hasEnded(found)));
  useEffect(() => {
    if (isOver) forgetImpersonation(id);
  }, [isOver, id]);
  return found === undefined || hasEnded(found) ? null : <Banner customer={customer} impersonation={found} />;
}

// The browser's clock may be wrong by something; the server's word is looked for at once.
const hasEnded = ({ status, expires_at: ends }: Schema<'ImpersonationView'>) =>
  status !== 'active' || (ends != null && Date.parse(ends) + LOOK < Date.now());

function Banner({ customer, impersonation }: { customer: string; impersonation: Schema<'ImpersonationView'> }) {
  const now = useSeconds(true);
  const { busy, end } = useEndImpersonation({ customer, id: impersonation.id });
  const left = impersonation.expires_at ? Math.max(0, Math.ceil((Date.parse(impersonation.expires_at) - now) / 1000)) : 0;
  const isReading = impersonation.permissions.every((permission) => permission.startsWith('read:'));
  return (
    <section className={classes.banner} aria-label={`Impersonation of ${customer}`}>
      <p>
        You act in the place of{' '}
        <Link to="/customers/$customer/$tab" params={{ customer, tab: 'impersonation' } as never}>
          {customer}
        </Link>
        , {isReading ? 'reading' : 'reading and writing'}: {impersonation.reason}
      </p>
      <span className={classes.left}>{left < 1 ? 'Ending' : `${left < 60 ? `${left} s` : span(left)} left`}</span>
      <Button size="compact-xs" variant="default" loading={busy} onClick={end}>
        End it
      </Button>
    </section>
  );
}
