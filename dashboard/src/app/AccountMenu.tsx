import { Menu } from '@mantine/core';
import { IconKeyboard, IconLogout, IconUserCog } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useWho } from '@/session/session';
import { exactTimes } from '@/ui/exactTimes';
import { words } from '@/ui/format';
import { showShortcuts } from './shortcuts';
import { useSignOut } from './useSignOut';

/** Who is signed in, their own settings, and the way out. */
export default function AccountMenu() {
  const { data: who } = useWho();
  const signOut = useSignOut();
  const isExact = exactTimes.use();
  return (
    <>
      <Menu.Label>
        {who?.name ?? 'The configured token'}
        <br />
        {who?.email}
        <br />
        {who?.roles.map(words).join(', ')}
      </Menu.Label>
      <Menu.Item leftSection={<IconUserCog size={15} />} component={Link} to="/settings/account">
        Your sessions and tokens
      </Menu.Item>
      <Menu.Item leftSection={<IconKeyboard size={15} />} onClick={showShortcuts}>
        Keyboard shortcuts
      </Menu.Item>
      <Menu.CheckboxItem checked={isExact} onChange={exactTimes.choose} closeMenuOnClick={false}>
        Times to the second
      </Menu.CheckboxItem>
      <Menu.Divider />
      <Menu.Item leftSection={<IconLogout size={15} />} onClick={signOut}>
        Sign out
      </Menu.Item>
    </>
  );
}
