import { ActionIcon, Menu } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { canBeRotated, type Key, type KeyActions } from './key';

type KeyActsProps = KeyActions & { of: Key };

/** What can be done with a key. */
export function KeyActs({ of: key, rotate, edit, revoke }: KeyActsProps) {
  if (key.status === 'revoked') return null;
  return (
    <Menu width={170}>
      <Menu.Target>
        <ActionIcon size={24} aria-label={`What to do with ${key.name}`}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => edit(key)}>Change</Menu.Item>
        <Menu.Item onClick={() => rotate(key)} disabled={!canBeRotated(key)}>
          Rotate
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item color="var(--bad)" onClick={() => revoke(key)}>
          Revoke
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
