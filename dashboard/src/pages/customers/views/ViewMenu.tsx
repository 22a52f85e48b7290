import { ActionIcon, Menu } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '@/api/client';
import { optimistically } from '@/api/optimistic';
import { taken } from '@/api/taken';
import { useMay } from '@/session/session';
import { confirm } from '@/ui/confirm';
import { complain } from '@/ui/notify';
import { type View, VIEWS, viewsChanged } from './view';

/** What can be done with a view: by its owner, or by who looks after the operators. */
export function ViewMenu({ view }: { view: View }) {
  const client = useQueryClient();
  const mayChangeOthers = useMay()('operators:write');
  if (!view.is_own && !mayChangeOthers) return null;
  const params = { path: { id: view.id } };
  const share = async () => {
    try {
      await optimistically<View, unknown>(client, { path: VIEWS }, (one) => (one.id === view.id ? { ...one, shared: !view.shared } : one), () =>
        taken(api.PATCH('/api/admin/saved-views/{id}', { params, body: { shared: !view.shared } })),
      );
      viewsChanged(client);
    } catch (error) {
      complain(error);
    }
  };
  const remove = () =>
    confirm({
      title: `Delete the view ${view.name}`,
      consequences: [view.shared ? 'It is gone for all operators.' : 'It is gone from your page.', 'No customer is changed.'],
      act: 'Delete the view',
      run: async () => {
        await optimistically<View, unknown>(client, { path: VIEWS }, (one) => (one.id === view.id ? null : one), () => taken(api.DELETE('/api/admin/saved-views/{id}', { params })));
        viewsChanged(client);
      },
    });
  return (
    <Menu width={200} position="bottom-start">
      <Menu.Target>
        <ActionIcon size={24} aria-label={`What to do with the view ${view.name}`}>
          <IconDots size={14} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void share()}>{view.shared ? `Show it to ${view.is_own ? 'nobody else' : 'its owner only'}` : 'Show it to all operators'}</Menu.Item>
        <Menu.Item onClick={remove}>Delete…</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
