import type { Schema } from '@/api/client';
import { Bars } from '@/ui/Bars';
import { zone } from '@/ui/format';
import classes from './Keys.module.css';
import { limitOf } from './key';
import { isOfDays, periodLabel } from './period';
import { verdictOf } from './verdict';

type TrialResultProps = { trial: Schema<'LimitSimulationView'>; tried: { requests: number; period: string } };

/** What a limit would have refused: in a sentence, as a bar, and the periods that were busiest. */
export function TrialResult({ trial, tried }: TrialResultProps) {
  const { requests, refused_share, busiest, time_zone } = trial;
  if (requests === 0) return <p className={classes.verdict}>Nothing was sent with this key in these days, so that no limit would have refused anything.</p>;
  const [before, stressed, after] = verdictOf(trial, limitOf({ rate_limit_requests: tried.requests, rate_limit_period: tried.period }));
  return (
    <div className={classes.trial}>
      <p className={classes.verdict}>
        {before}
        <strong>{stressed}</strong>
        {after}
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
