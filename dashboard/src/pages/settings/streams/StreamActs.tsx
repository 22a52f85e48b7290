import { Button, Group } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '@/api/client';
import { optimistically } from '@/api/optimistic';
import { taken } from '@/api/taken';
import { confirm } from '@/ui/confirm';
import { complain } from '@/ui/notify';
import { openStream } from './EditStream';
import { type Stream, STREAMS } from './stream';

/** Changes, pauses, resumes and deletes a stream. */
export function StreamActs({ stream }: { stream: Stream }) {
  const client = useQueryClient();
  const { id, name, is_active } = stream;
  const refresh = () => client.invalidateQueries({ queryKey: ['get', STREAMS] });
  const toggle = async () => {
    try {
      await optimistically<Stream, unknown>(client, { path: STREAMS }, (row) => (row.id === id ? { ...row, is_active: !is_active } : row), () =>
        taken(api.PATCH('/api/admin/audit-streams/{id}', { params: { path: { id } }, body: { is_active: !is_active } })),
      );
    } catch (error) {
      complain(error);
    }
    await refresh();
  };
  const remove = () =>
    confirm({
      title: `Delete the stream ${name}`,
      consequences: ['Nothing more is told there; what was told stays where it is.', `${stream.lag_rows === 0 ? 'Everything so far was told.' : 'Rows that weren’t told yet never will be.'}`, 'Another stream to the same place begins anew.'],
      word: name,
      act: 'Delete the stream',
      run: async () => {
        await taken(api.DELETE('/api/admin/audit-streams/{id}', { params: { path: { id } } }));
        await refresh();
      },
    });
  return (
    <Group gap={6} justify="flex-end">
      <Button size="compact-xs" variant="default" onClick={() => openStream(stream)} aria-label={`Change ${name}`}>
        Change
      </Button>
      <Button size="compact-xs" variant="default" onClick={() => void toggle()} aria-label={`${is_active ? 'Pause' : 'Resume'} ${name}`}>
        {is_active ? 'Pause' : 'Resume'}
      </Button>
      <Button size="compact-xs" variant="light" color="red" onClick={remove} aria-label={`Delete ${name}`}>
        Delete
      </Button>
    </Group>
  );
}
