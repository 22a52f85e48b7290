import { Button, Drawer, Group, Stack } from '@mantine/core';
import { CopyValue } from '@/ui/CopyValue';
import { Facts } from '@/ui/Facts';
import { many } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { When, WhenExactly } from '@/ui/When';
import { WITHOUT_REDIS } from '@/ui/limits/withoutRedis';
import { KeyStatus } from './KeyStatus';
import { KeyUse } from './KeyUse';
import classes from './Keys.module.css';
import { type Key, type KeyActions, periodOf, works } from './key';
import { LimitTrial } from './LimitTrial';
import { permissionsInWords } from './permissions';
import { useKey } from './useKey';

type KeyDrawerProps = { customer: string; id: string; successor: Key | undefined; acts: KeyActions | undefined; close: () => void };

/** One key: what it may do, how it was used, and what another limit would have meant. */
export function KeyDrawer({ customer, id, successor, acts, close }: KeyDrawerProps) {
  const query = useKey(customer, id);
  return (
    <Drawer opened onClose={close} position="right" size="min(620px, 100vw)" title={query.data ? `API key: ${query.data.key.name}` : 'API key'}>
      <Loaded query={query} lines={8}>
        {({ key }) => (
          <Stack gap="lg">
            <Facts facts={factsOf(key, successor)} />
            {acts && key.status !== 'revoked' && (
              <Group gap="xs">
                <Button variant="default" onClick={() => acts.edit(key)}>
                  Change
                </Button>
                <Button variant="default" disabled={!works(key) || successor !== undefined} onClick={() => acts.rotate(key)}>
                  Rotate
                </Button>
                <Button variant="default" onClick={() => acts.revoke(key)}>
                  Revoke
                </Button>
              </Group>
            )}
            <KeyUse customer={customer} of={key} />
            <LimitTrial customer={customer} of={key} />
          </Stack>
        )}
      </Loaded>
    </Drawer>
  );
}

function factsOf(key: Key, successor: Key | undefined): [string, React.ReactNode][] {
  return [
    ['Status', <KeyStatus of={key} successor={successor} />],
    ['Begins with', <code>{key.prefix}…</code>],
    ['Id', <CopyValue value={key.id} label="id" />],
    ['What for', key.description ?? null],
    ['May do', permissionsOf(key)],
    ['Limit', `${many(key.rate_limit_requests, 'request')} ${periodOf(key.rate_limit_period)}`],
    ['While Redis is away', key.without_redis ? (WITHOUT_REDIS[key.without_redis] ?? key.without_redis) : null],
    ['From', key.allowed_networks.length === 0 ? 'Everywhere' : <code>{key.allowed_networks.join(', ')}</code>],
    ['Last used', <When at={key.last_used_at} empty="Never" />],
    ['Made', <WhenExactly at={key.created_at} />],
    ['Ends', key.expires_at ? <WhenExactly at={key.expires_at} /> : 'Never'],
    ['Revoked', key.revoked_at ? <WhenExactly at={key.revoked_at} /> : null],
    ['In the place of', key.rotated_from ? <code>{key.rotated_from}</code> : null],
    ['Replaced by', successor ? `${successor.name} (${successor.prefix}…)` : null],
  ];
}

const permissionsOf = (key: Key) => (
  <>
    {permissionsInWords(key.permissions)} <code className={classes.quiet}>{key.permissions.join(' ')}</code>
  </>
);
