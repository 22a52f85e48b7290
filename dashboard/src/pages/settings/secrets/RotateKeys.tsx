import { Button, Menu, Text } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { askAgain } from '@/api/askAgain';
import { api, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { useMay } from '@/session/session';
import { Choices } from '@/ui/Choices';
import { confirm } from '@/ui/confirm';
import { openDialog } from '@/ui/dialogs';
import { say } from '@/ui/notify';
import { useAskedAct } from '@/ui/useAskedAct';

/** Rotates the master key, or the platform's own data key. */
export function RotateKeys({ secrets }: { secrets: Schema<'SecretsView'> }) {
  const mayWrite = useMay()('secrets:write');
  const client = useQueryClient();
  const refresh = () => askAgain(client, /\/secrets/);
  const targets = secrets.master_keys.filter((key) => key.available && (key.state === 'unused' || key.state === 'previous'));
  const rotate = (to: string) =>
    confirm({
      title: `Have ${to} wrap everything`,
      consequences: [
        'New data keys are wrapped with it at once, the others one after the other. Nobody notices it.',
        `${secrets.active_key ?? 'The present key'} opens what isn’t done yet, and can be retired afterwards.`,
        'Every server and worker must have the new key already.',
      ],
      word: to,
      act: 'Rotate the master key',
      danger: false,
      run: async () => {
        await taken(api.POST('/api/admin/secrets/rotations', { body: { to } }));
        say('The rotation has begun', 'It is below, with how far it is.');
        await refresh();
      },
    });
  const rotatePlatform = () =>
    confirm({
      title: 'Rotate the platform’s data key',
      consequences: ['Everything that is sealed for no customer is sealed anew: operators’ authenticator apps, streams’ credentials.', 'The old version is destroyed an hour after its last use. Nobody notices it.'],
      act: 'Rotate the data key',
      danger: false,
      run: async () => {
        await taken(api.POST('/api/admin/secrets/data-key-rotations'));
        say('The rotation has begun', 'It is below, with how far it is.');
        await refresh();
      },
    });
  const chooseTarget = () => {
    const [only, another] = targets;
    if (only && !another) return rotate(only.id);
    openDialog({
      title: 'Rotate the master key',
      closesBeside: true,
      content: (close) =>
        only ? (
          <Choices label="To which key" options={targets.map(({ id, state }) => ({ key: id, label: id, note: state }))} choose={rotate} close={close} />
        ) : (
          <Text size="sm">
            There is no other key within reach to rotate to. Make one with <code>sixty secrets add-key</code>, and give it to every server and worker; then come back here.
          </Text>
        ),
    });
  };
  useAskedAct({ rotate: mayWrite && chooseTarget, 'rotate-platform': mayWrite && rotatePlatform });
  if (!mayWrite) return null;
  return (
    <Menu width={320}>
      <Menu.Target>
        <Button variant="default" rightSection={<IconChevronDown size={14} />}>
          Rotate
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>The master key, to</Menu.Label>
        {targets.map((key) => (
          <Menu.Item key={key.id} onClick={() => rotate(key.id)}>
            <code>{key.id}</code>
          </Menu.Item>
        ))}
        {targets.length === 0 && (
          <Menu.Label>
            No other key is within reach. Make one with <code>sixty secrets add-key</code>.
          </Menu.Label>
        )}
        <Menu.Divider />
        <Menu.Item onClick={rotatePlatform}>The platform’s data key</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
