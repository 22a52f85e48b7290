import { Anchor, Button, Group, Stack } from '@mantine/core';
import { CopyValue } from '@/ui/CopyValue';
import { Drawer } from '@/ui/Drawer';
import { Facts } from '@/ui/Facts';
import { many } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { When, WhenExactly } from '@/ui/When';
import { WITHOUT_REDIS } from '@/ui/limits/withoutRedis';
import { KeyStatus } from './KeyStatus';
import { KeyUse } from './KeyUse';
import classes from './Keys.module.css';
import { canBeRotated, type Key, type KeyActions } from './key';
import { periodOf } from './period';
import { LimitTrial } from './LimitTrial';
import { permissionsInWords } from './permissions';
import { useKey } from './useKey';

type KeyDrawerProps = { customer: string; id: string; show: (id: string) => void; acts: KeyActions | undefined; close: () => void };

/** One key: what it may do, how it was used, and what another limit would have meant. */
export function KeyDrawer({ customer, id, show, acts, close }: KeyDrawerProps) {
  const query = useKey(customer, id);
  return (
    <Drawer opened onClose={close} size="min(620px, 100vw)" title={query.data ? `API key: ${query.data.key.name}` : 'API key'}>
      <Loaded query={query} lines={8}>
        {({ key }) => (
          // What was tried of another key, and how that one was used, is none of this one's.
          <Stack key={key.id} gap="lg">
            <Facts facts={factsOf(key, show)} />
            {acts && key.status !== 'revoked' && (
              <Group gap="xs">
                <Button variant="default" onClick={() => acts.edit(key)}>
                  Change
                </Button>
                <Button variant="default" disabled={!canBeRotated(key)} onClick={() => acts.rotate(key)}>
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

function factsOf(key: Key, show: (id: string) => void): [string, React.ReactNode][] {
  return [
    ['Status', <KeyStatus of={key} />],
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
    ['In the place of', key.rotated_from && <Other id={key.rotated_from} show={show} />],
    ['Replaced by', key.replaced_by && <Other id={key.replaced_by} show={show} />],
  ];
}

/** Another key of the line of rotations, and the way to it. */
const Other = ({ id, show }: { id: string; show: (id: string) => void }) => (
  <Anchor component="button" type="button" inherit onClick={() => show(id)}>
    <code>{id}</code>
  </Anchor>
);

const permissionsOf = (key: Key) => (
  <>
    {permissionsInWords(key.permissions)} <code className={classes.quiet}>{key.permissions.join(' ')}</code>
  </>
);
