import { Notice } from '../Notice';
import { When } from '../When';
import { type Limit, rateOf, withoutRedis } from './limit';

/** Says which limit would be replaced: what it is, why, and since when. */
export function ThereAlready({ customer, limit }: { customer: string; limit: Limit }) {
  return (
    <Notice tone="warn" title={`${customer} has a limit ${limit.route === null ? 'over all routes' : 'on this route'} already`}>
      <p>
        {rateOf(limit)}, since <When at={limit.updated_at} />
        {limit.without_redis && `; while Redis is away: ${withoutRedis(limit.without_redis)}`}
      </p>
      <p>{limit.reason ? `Reason: ${limit.reason}` : 'No reason was given.'}</p>
      <p>Nothing was changed yet. Replacing it puts what is written here in its place.</p>
    </Notice>
  );
}
