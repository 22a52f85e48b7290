import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { askAgain } from '@/api/askAgain';
import { api, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { confirm } from '@/ui/confirm';
import { words } from '@/ui/format';
import { say } from '@/ui/notify';

/** Takes a job off that waits or was given up. */
export function CancelJob({ job }: { job: Schema<'JobView'> }) {
  const client = useQueryClient();
  const cancel = () =>
    confirm({
      title: `Take the job ${words(job.kind).toLowerCase()} off?`,
      consequences: [
        job.status === 'dead' ? 'It isn’t tried again, and isn’t counted as dead any more.' : 'It doesn’t run.',
        'What an operation or a rotation under way waits for stays: that is refused.',
        'The audit log keeps what it was and why it had failed.',
      ],
      word: job.kind,
      act: 'Take it off',
      run: async () => {
        await taken(api.POST('/api/admin/jobs/{id}/cancel', { params: { path: { id: job.id } } }));
        say('The job is taken off');
        await askAgain(client, /\/(jobs|statistics|health)/);
      },
    });
  return (
    <Button size="compact-xs" variant="default" onClick={cancel}>
      Take it off
    </Button>
  );
}
