import { Button, Group, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { askAgain } from '@/api/askAgain';
import { api, queries } from '@/api/client';
import { taken } from '@/api/taken';
import { useMay } from '@/session/session';
import { CopyValue } from '@/ui/CopyValue';
import { Drawer } from '@/ui/Drawer';
import { Facts } from '@/ui/Facts';
import { Json } from '@/ui/Json';
import { Loaded } from '@/ui/Loaded';
import { complain, say } from '@/ui/notify';
import { Status } from '@/ui/Status';
import { WhenExactly } from '@/ui/When';

/** A message with all that it said; it can be done once more. */
export function MessageDrawer({ id, close }: { id: string | undefined; close: () => void }) {
  const mayReplay = useMay()('clerk:write');
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const query = queries.useQuery('get', '/api/admin/clerk/messages/{id}', { params: { path: { id: id ?? '' } } }, { enabled: id !== undefined, placeholderData: undefined });
  const replay = async () => {
    setBusy(true);
    try {
      const message = await taken(api.POST('/api/admin/clerk/messages/{id}/replay', { params: { path: { id: id ?? '' } } }));
      say('It is done once more', `The message is ${message.status} now. What a later change has overtaken stays as it is.`);
      await askAgain(client, /\/clerk/);
    } catch (error) {
      complain(error);
    }
    setBusy(false);
  };
  return (
    <Drawer opened={id !== undefined} onClose={close} size={620} title={query.data?.type ?? 'A message of Clerk'}>
      <Loaded query={query}>
        {(message) => (
          <Stack gap="md">
            <Facts
              facts={[
                ['Status', <Status key="status" value={message.status} />],
                ['Waits for, or why nothing was done', message.detail ?? null],
                ['Attempts', message.attempts],
                ['Happened', <WhenExactly key="occurred" at={message.occurred_at} />],
                ['Came', <WhenExactly key="came" at={message.created_at} />],
                ['Done', message.processed_at ? <WhenExactly key="done" at={message.processed_at} /> : null],
                ['Id', <CopyValue key="id" value={message.id} label="the message’s id" />],
              ]}
            />
            {mayReplay && (
              <Group>
                <Button variant="default" loading={busy} onClick={() => void replay()}>
                  Do it once more
                </Button>
              </Group>
            )}
            <Json value={message.payload} label="All that it said" />
          </Stack>
        )}
      </Loaded>
    </Drawer>
  );
}
