import { Button } from '@mantine/core';
import { useMay } from '@/session/session';
import type { Column } from '@/ui/DataTable';
import { NOTHING } from '@/ui/format';
import { LimitActs } from '@/ui/limits/LimitActs';
import { openLimit } from '@/ui/limits/LimitForm';
import { rateOf, withoutRedis } from '@/ui/limits/limit';
import { When } from '@/ui/When';
import { type Customer, nameOf } from '../customer';
import type { Held } from './held';
import classes from './Limits.module.css';

const NONE = { requests: null, period: null };

/** The columns of the table of limits. */
export function useColumns(customer: Customer): Column<Held>[] {
  const mayChange = useMay()('customers:write');
  const name = nameOf(customer);
  return [
    { id: 'route', header: 'Of', cell: ({ route }) => (route === null ? 'All routes together' : <code>{route}</code>) },
    { id: 'limit', header: 'Limit', cell: ({ own, general }) => rateOf(own ?? general ?? NONE) },
    { id: 'why', header: 'Decided', wide: true, cell: (held) => <Decided held={held} /> },
    { id: 'redis', header: 'While Redis is away', wide: true, cell: ({ own, general }) => withoutRedis((own ?? general)?.without_redis ?? null) },
    { id: 'changed', header: 'Changed', wide: true, cell: ({ own }) => <When at={own?.updated_at} empty={NOTHING} /> },
    ...(mayChange
      ? [
          {
            id: 'acts',
            header: 'Actions',
            align: 'end' as const,
            cell: ({ route, own, general }: Held) =>
              own ? (
                <LimitActs customer={name} limit={own} general={general} />
              ) : (
                <Button size="compact-xs" variant="default" aria-label={`Set another limit ${route === null ? 'over all routes' : `on ${route}`}`} onClick={() => openLimit({ customer: name, before: { route, requests: general?.requests, period: general?.period } })}>
                  Set another
                </Button>
              ),
          },
        ]
      : []),
  ];
}

function Decided({ held: { own, general } }: { held: Held }) {
  if (!own) return <>For everybody, by the configuration</>;
  return (
    <span className={classes.why}>
      For this customer{own.reason ? `: ${own.reason}` : ''}
      <span className={classes.note}>Everybody else: {rateOf(general ?? NONE).toLowerCase()}</span>
    </span>
  );
}
