import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { queries } from '@/api/client';
import { useMay } from '@/session/session';
import { Status } from '@/ui/Status';
import { useNow } from '@/ui/useNow';
import { addressOf, type Customer, pathOf } from '../customer';
import { useOperations } from '../operations';
import classes from './Wrongs.module.css';
import { wrongsOf } from './wrongs';

/** What is wrong with a customer, above everything else. Nothing when nothing is. */
export function Wrongs({ customer }: { customer: Customer }) {
  const may = useMay();
  const now = useNow();
  const operations = useOperations(customer);
  const backups = queries.useQuery(
    'get',
    '/api/admin/customers/{customer}/backups',
    { params: { ...pathOf(customer), query: { limit: 1 } } },
    { enabled: may('backups:read') },
  );
  const wrongs = wrongsOf(customer, operations.data?.data ?? [], backups.data?.data[0], now);
  if (wrongs.length === 0) return null;
  return (
    <ul className={classes.wrongs} aria-label="What to know first">
      {wrongs.map(({ key, tone, what, more, tab }) => (
        <li key={key} data-tone={tone}>
          <Status value="" tone={tone} label={what} />
          <span className={classes.more}>{more}</span>
          {tab && <Look address={addressOf(customer, tab)} what={what} />}
        </li>
      ))}
    </ul>
  );
}

function Look({ address: { to, params }, what }: { address: ReturnType<typeof addressOf>; what: string }) {
  return (
    <Anchor component={Link} to={to} params={params as never} size="sm" aria-label={`Look: ${what}`}>
      Look
    </Anchor>
  );
}
