import { Anchor, Stack } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { problemOf } from '@/api/problem';
import { hasEnded, useOperation } from '@/api/useOperation';
import { CopyValue } from '@/ui/CopyValue';
import { CustomerLink } from '@/ui/CustomerLink';
import { Empty } from '@/ui/Empty';
import { Facts } from '@/ui/Facts';
import { Failure } from '@/ui/Failure';
import { Loaded } from '@/ui/Loaded';
import { OperationActions } from '@/ui/OperationActions';
import { OperationSteps } from '@/ui/OperationSteps';
import { operationName, statusLabel } from '@/ui/operations';
import { Operator } from '@/ui/Operator';
import { PageHeader } from '@/ui/PageHeader';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { waited, workTook } from '@/ui/took';
import { useSeconds } from '@/ui/useSeconds';
import { When, WhenExactly } from '@/ui/When';
import classes from './Operations.module.css';
import { Outcome } from './Outcome';

/** One operation, live. */
export function OperationPage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string };
  const query = useOperation(id);
  const operation = query.data;
  const now = useSeconds(operation !== undefined && !hasEnded(operation));
  const back = (
    <Anchor component={Link} to="/operations" size="sm">
      All operations
    </Anchor>
  );
  if (!operation) {
    return (
      <>
        <PageHeader title="Operation" note={back} />
        <Panel flush>
          {query.error && problemOf(query.error).status === 404 ? (
            <Empty title="There is no such operation">It may be of another installation, or was removed with its customer.</Empty>
          ) : (
            <Loaded query={query}>{() => null}</Loaded>
          )}
        </Panel>
      </>
    );
  }
  return (
    <>
      <PageHeader
        title={`${operationName(operation.kind)} of ${operation.customer_id}`}
        beside={<Status value={operation.status} label={statusLabel(operation)} />}
        note={back}
        actions={<OperationActions operation={operation} />}
      />
      <Stack gap="md">
      {query.error ? <Failure problem={problemOf(query.error)} retry={() => void query.refetch()} /> : null}
      <Outcome operation={operation} />
      <div className={classes.split}>
        <Panel title="Steps" note={hasEnded(operation) ? `${operation.steps.length} in all` : 'Live'} flush>
          <OperationSteps operation={operation} />
        </Panel>
        <Panel title="Facts">
          <Facts
            facts={[
              ['Customer', <CustomerLink key="customer" customer={operation.customer_uuid} name={operation.customer_id} />],
              ['Asked for by', <Operator key="by" id={operation.requested_by} />],
              ['Asked for', <WhenExactly key="created" at={operation.created_at} />],
              ['Waited', waited(operation, now)],
              ['Began', operation.started_at ? <WhenExactly key="began" at={operation.started_at} /> : null],
              ['Ended', operation.finished_at ? <WhenExactly key="ended" at={operation.finished_at} /> : null],
              ['Took', operation.started_at && operation.status !== 'queued' ? workTook(operation, now) : null],
              ['Attempts', operation.attempts],
              ['Asked to be taken back', operation.cancel_requested_at ? <When key="cancel" at={operation.cancel_requested_at} /> : null],
              ['Id', <CopyValue key="id" value={operation.id} label="the operation’s id" />],
            ]}
          />
        </Panel>
      </div>
      </Stack>
    </>
  );
}
