import { Group, Stack, Text } from '@mantine/core';
import { queries, type Schema } from '@/api/client';
import { problemOf } from '@/api/problem';
import { useMay } from '@/session/session';
import { CopyValue } from '@/ui/CopyValue';
import { Drawer } from '@/ui/Drawer';
import { Empty } from '@/ui/Empty';
import { Facts } from '@/ui/Facts';
import { words } from '@/ui/format';
import { Json } from '@/ui/Json';
import { Loaded } from '@/ui/Loaded';
import { Status } from '@/ui/Status';
import { workTook } from '@/ui/took';
import { WhenExactly } from '@/ui/When';
import { CancelJob } from './CancelJob';
import classes from './Operations.module.css';
import { RetryJob } from './RetryJob';

type JobDrawerProps = { id: string | undefined; close: () => void };

/** All that is known of a job, wherever in the list it is. */
export function JobDrawer({ id, close }: JobDrawerProps) {
  const query = queries.useQuery('get', '/api/admin/jobs/{id}', { params: { path: { id: id ?? '' } } }, { enabled: id !== undefined, placeholderData: undefined });
  const isGone = query.error !== null && [400, 404].includes(problemOf(query.error).status);
  return (
    <Drawer opened={id !== undefined} onClose={close} size={520} title={query.data ? words(query.data.kind) : 'A job'}>
      {isGone ? (
        <Empty title="There is no such job">Jobs that are done are removed after a while.</Empty>
      ) : (
        <Loaded query={query} lines={8}>
          {(job) => <Known job={job} />}
        </Loaded>
      )}
    </Drawer>
  );
}

function Known({ job }: { job: Schema<'JobView'> }) {
  const mayChange = useMay()('jobs:write');
  return (
    <Stack gap="md">
      <Facts
        facts={[
          ['Status', <Status key="status" value={job.status} />],
          ['What went wrong last', job.last_error ? <span className={classes.wrong}>{job.last_error}</span> : null],
          ['Attempts', `${job.attempts} of ${job.max_attempts}`],
          ['Workers it took down', `${job.crashes} of ${job.max_crashes}`],
          ['Made', <WhenExactly key="created" at={job.created_at} />],
          ['To run', <WhenExactly key="run" at={job.run_at} />],
          [job.status === 'queued' ? 'Last begun' : 'Began', job.started_at ? <WhenExactly key="began" at={job.started_at} /> : null],
          ['Ended', job.finished_at ? <WhenExactly key="ended" at={job.finished_at} /> : null],
          ['Took', job.started_at && job.status !== 'queued' ? workTook(job) : null],
          ['Id', <CopyValue key="id" value={job.id} label="the job’s id" />],
        ]}
      />
      <div>
        <Text size="xs" c="var(--ink-2)" mb={4}>
          What it is to do
        </Text>
        <Json value={job.payload} label="What the job is to do" />
      </div>
      {mayChange && (job.status === 'dead' || job.status === 'queued') && (
        <Group gap="xs">
          {job.status === 'dead' && <RetryJob id={job.id} />}
          <CancelJob job={job} />
        </Group>
      )}
    </Stack>
  );
}
