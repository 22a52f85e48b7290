import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Schema } from '@/api/client';
import { CopyValue } from '@/ui/CopyValue';
import { count, many } from '@/ui/format';
import { Notice } from '@/ui/Notice';
import { WhenExactly } from '@/ui/When';

/** What a proof found, in words; where the chain breaks, if it does. */
export function Verdict({ proof }: { proof: Schema<'VerificationView'> }) {
  const { customer_uuid: customer, customer_name: name, rows, last_sequence: last, first_bad: bad } = proof;
  const whose = customer ? `of ${name ?? customer}` : 'of the platform';
  const read = (
    <p>
      {many(rows, 'row was', 'rows were')} recomputed at <WhenExactly at={proof.verified_at} />; the last is number {count(last)}.
      {rows < last && ' Those before the first one were removed by retention.'}
    </p>
  );
  if (proof.intact) {
    return (
      <Notice tone="ok" title={`The chain ${whose} is intact`}>
        {read}
      </Notice>
    );
  }
  return (
    <Notice tone="bad" title={`The chain ${whose} is broken${bad ? ` at row number ${count(bad.sequence)}` : ''}`}>
      {bad && <p>{bad.reason}. The rows after it prove nothing any more.</p>}
      {bad?.id && (
        <p>
          Row <CopyValue value={bad.id} label="the row’s id" />{' '}
          <Anchor component={Link} to="/audit" search={{ customer: customer ?? undefined, entry: bad.id } as never} inherit>
            Look at it
          </Anchor>
        </p>
      )}
      {read}
      <p>
        Somebody who can write to the admin database changed it by hand. Compare it with a backup, with where the log is streamed to, and with the anchors: <code>sixty audit verify</code>.
      </p>
    </Notice>
  );
}
