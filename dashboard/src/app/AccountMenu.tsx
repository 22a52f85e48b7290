import { Menu } from '@mantine/core';
import { IconKeyboard, IconLogout, IconUserCog } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { api } from '@/api/client';
import { useSessionChange, useWho } from '@/session/session';
import { words } from '@/ui/format';
import { complain } from '@/ui/notify';
import { showShortcuts } from './shortcuts';

/** Who is signed in, their own settings, and the way out. */
export default function AccountMenu() {
  const { data: who } = useWho();
  const { ended } = useSessionChange();
  const signOut = async () => {
    const { error, response } = await api.DELETE('/api/admin/session');
    if (error && response.status !== 401) return complain(error);
    ended();
  };
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
      <Menu.Divider />
      <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => void signOut()}>
        Sign out
      </Menu.Item>
    </>
  );
}
