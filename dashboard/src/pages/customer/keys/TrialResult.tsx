import type { Schema } from '@/api/client';
import { Bars } from '@/ui/Bars';
import { count, exactTime, share, zone } from '@/ui/format';
import classes from './Keys.module.css';
import { isOfDays, periodLabel, periodOf } from './period';

type TrialResultProps = { trial: Schema<'LimitSimulationView'>; tried: { requests: number; period: string } };

/** What a limit would have refused: in a sentence, as a bar, and the periods that were busiest. */
export function TrialResult({ trial, tried }: TrialResultProps) {
  const { requests, refused, refused_share, first_refused_at, busiest, time_zone } = trial;
  const limit = `${count(tried.requests)} ${periodOf(tried.period)}`;
  if (requests === 0) return <p className={classes.verdict}>Nothing was sent with this key in these days, so that no limit would have refused anything.</p>;
  return (
    <div role="status" className={classes.trial}>
      <p className={classes.verdict}>
        {refused === 0 ? (
          <>
            With {limit}, <strong>none</strong> of the {count(requests)} requests would have been refused.
          </>
        ) : (
          <>
            With {limit}, <strong>{count(refused)}</strong> of {count(requests)} requests ({share(refused_share)}) would have been refused
            {first_refused_at && <>, the first at {exactTime(first_refused_at)}</>}.
          </>
        )}
      </p>
      <div className={classes.split} aria-hidden>
        <span style={{ width: `${refused_share * 100}%` }} />
      </div>
      <h3 className={classes.busiest}>
        Busiest {tried.period}s (in {isOfDays(tried.period) ? time_zone : zone})
      </h3>
      <Bars
        label="The busiest periods, in requests"
        most={Math.max(tried.requests, ...busiest.map((period) => period.requests))}
        bars={busiest.map((period) => ({
          key: period.at,
          label: periodLabel(period.at, tried.period, time_zone),
          value: period.requests,
          note: period.requests > tried.requests ? 'over the limit' : 'within it',
        }))}
      />
      <p className={classes.quiet}>What the caller would have sent instead isn’t known. Keys that share the quota since a rotation count together.</p>
    </div>
  );
}
