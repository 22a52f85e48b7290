import { useLiveState } from '@/api/live';
import { Hint } from '@/ui/Hint';
import classes from './LiveMark.module.css';

const SAYS = {
  live: ['Live', 'Changes arrive by themselves.'],
  connecting: ['Connecting', 'The stream of changes is being opened.'],
  away: ['Not live', 'The stream of changes is interrupted and opened again by itself; until then the page asks each minute.'],
} as const;

/** Whether what is shown keeps itself up to date. */
export function LiveMark() {
  const state = useLiveState();
  const [label, explanation] = SAYS[state];
  return (
    <Hint label={explanation} wide>
      <span className={classes.mark} data-state={state} role="status">
        {label}
      </span>
    </Hint>
  );
}
