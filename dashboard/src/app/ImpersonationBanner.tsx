import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { queries, type Schema } from '@/api/client';
import { useWho } from '@/session/session';
import { span } from '@/ui/format';
import { useSeconds } from '@/ui/useSeconds';
import classes from './ImpersonationBanner.module.css';
import { useEndImpersonation } from './useEndImpersonation';

type Own = Schema<'OwnImpersonationView'>;

/** How often it is looked whether an impersonation still holds, in milliseconds: somebody else may have revoked its key. */
const LOOK = 15_000;

/** How long the page has the connections to itself, in milliseconds. */
const PAUSE = 600;

/** Says on every page that the operator acts in a customer's place, for how long still, and ends it. */
export function ImpersonationBanner() {
  const { data: who } = useWho();
  const isCalm = useCalm();
  const { data } = queries.useQuery(
    'get',
    '/api/admin/impersonations',
    { params: { query: { active: true } } },
    { enabled: isCalm && who?.credential === 'session', refetchInterval: ({ state }) => (state.data?.data.length ? LOOK : 60_000) },
  );
  return data?.data.filter(isOn).map((one) => <Banner key={one.id} impersonation={one} />);
}

/** Whether the page has had its turn: what it shows is asked for first. */
function useCalm(): boolean {
  const [isCalm, setCalm] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setCalm(true), PAUSE);
    return () => clearTimeout(timer);
  }, []);
  return isCalm;
}

// The browser's clock may be wrong by something; the server's word is looked for at once.
const isOn = ({ status, expires_at: ends }: Own) => status === 'active' && (ends == null || Date.parse(ends) + LOOK > Date.now());

function Banner({ impersonation }: { impersonation: Own }) {
  const customer = impersonation.customer_id ?? impersonation.customer_uuid;
  const name = impersonation.customer_name ?? customer;
  const now = useSeconds(true);
  const { busy, end } = useEndImpersonation({ customer, name, id: impersonation.id });
  const left = impersonation.expires_at ? Math.max(0, Math.ceil((Date.parse(impersonation.expires_at) - now) / 1000)) : 0;
  const isReading = impersonation.permissions.every((permission) => permission.startsWith('read:'));
  return (
    <section className={classes.banner} aria-label={`Impersonation of ${name}`}>
      <p>
        You act in the place of{' '}
        <Link to="/customers/$customer/$tab" params={{ customer, tab: 'impersonation' } as never}>
          {name}
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
