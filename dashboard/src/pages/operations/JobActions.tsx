import { Button, Group } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { useMay } from '@/session/session';
import { confirm } from '@/ui/confirm';
import { words } from '@/ui/format';
import { complain, say } from '@/ui/notify';
import { useAct } from '@/ui/useAct';

type Job = Schema<'JobView'>;

/** Whether there is anything to be done about a job. */
export const canBeActedOn = ({ status }: Pick<Job, 'status'>) => status === 'dead' || status === 'queued';

/** What can be done about a job by whoever may: try a dead one again or dismiss it, take one back that waits. */
export function JobActions({ job }: { job: Job }) {
  const may = useMay();
  const client = useQueryClient();
  const { busy, run } = useAct();
  if (!may('jobs:write') || !canBeActedOn(job)) return null;
  const params = { params: { path: { id: job.id } } };
  const isDead = job.status === 'dead';
  const changed = () => client.invalidateQueries({ predicate: ({ queryKey }) => /\/(jobs|statistics|health)/.test(String(queryKey[1])) });
  const retry = () =>
    run(async () => {
      try {
        await taken(api.POST('/api/admin/jobs/{id}/retry', params));
        say('Queued again', 'A worker takes it within seconds, with all its attempts.');
        await changed();
      } catch (error) {
        complain(error);
      }
    });
  const cancel = () =>
    confirm({
      title: isDead ? `Dismiss the job “${words(job.kind)}”?` : `Take back the job “${words(job.kind)}”?`,
      consequences: isDead
        ? ['Nothing tries it again: what it was to do stays undone.', 'Overview no longer counts it as wrong.', 'It stays in this list as canceled for 90 days.']
        : ['It isn’t begun. One that runs by the clock comes again at its next time.', 'It stays in this list as canceled for 90 days.'],
      act: isDead ? 'Dismiss it' : 'Take it back',
      run: async () => {
        await taken(api.POST('/api/admin/jobs/{id}/cancel', params));
        await changed();
      },
    });
  return (
    <Group gap={6} wrap="nowrap" display="inline-flex">
      {isDead && (
        <Button size="compact-xs" variant="default" loading={busy} onClick={() => void retry()}>
          Try again
        </Button>
      )}
      <Button size="compact-xs" variant="default" onClick={cancel}>
        {isDead ? 'Dismiss' : 'Take back'}
      </Button>
    </Group>
  );
}
