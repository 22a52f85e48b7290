import { useElementSize } from '@mantine/hooks';
import { type KeyboardEvent, useRef, useState } from 'react';
import classes from './Chart.module.css';
import { Legend } from './ChartLegend';
import { isEmpty, lengthOf, type Pane } from './chart-data';
import { Plot } from './Plot';
import { Readout, readoutText } from './Readout';

type LinesProps = {
  label: string;
  at: readonly string[];
  panes: readonly Pane[];
  seconds?: number;
  empty: string;
  onChoose?: (first: number, last: number) => void;
  chooses?: string;
};

/** How far Page Up and Page Down go, in points. */
const LEAP = 10;

/** The drawing of a chart. Loaded when the first one is shown. A slider for the keyboard: its value is a moment. */
export default function Lines({ label, at, panes, seconds, empty, onChoose, chooses }: LinesProps) {
  const { ref, width } = useElementSize();
  const [pointed, setPlace] = useState<number | null>(null);
  const pressedAt = useRef<number | null>(null);
  const last = at.length - 1;
  const place = pointed === null || last < 0 ? null : Math.min(pointed, last);
  const length = lengthOf(at, seconds);
  const nothing = isEmpty(panes);
  const choose = (first: number, until: number, event?: MouseEvent) => {
    // A finger has nothing to hover with: its first tap shows the values, the second one chooses.
    const isFinger = event instanceof PointerEvent && event.pointerType === 'touch';
    if (!isFinger || first === pressedAt.current) onChoose?.(first, until);
  };
  const press = (event: KeyboardEvent) => {
    const to = moved(event.key, place ?? last, last);
    if (to !== null) setPlace(to);
    else if (event.key === 'Enter' && place !== null && onChoose) onChoose(place, place);
    else if (event.key === 'Escape' && place !== null) setPlace(null);
    else return;
    event.preventDefault();
  };
  const shown = place ?? last;
  return (
    <div
      ref={ref}
      className={classes.plots}
      role="slider"
      tabIndex={0}
      aria-label={chooses && onChoose ? `${label}. Enter: ${chooses}` : label}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, last)}
      aria-valuenow={Math.max(0, shown)}
      aria-valuetext={nothing || last < 0 ? empty : readoutText(at, panes, length, shown)}
      onKeyDown={press}
      onPointerDownCapture={() => (pressedAt.current = place)}
      onFocus={(event) => event.currentTarget.matches(':focus-visible') && setPlace(last)}
      onBlur={() => setPlace(null)}
    >
      {width > 40 &&
        panes.map((pane, index) => (
          <div key={pane.label}>
            {index > 0 && <Legend series={isSame(pane, panes[0]) ? [] : pane.series} title={pane.label} />}
            <Plot
              pane={pane}
              at={at}
              length={length}
              width={width}
              hasTimes={index === panes.length - 1}
              place={place}
              onPlace={setPlace}
              onChoose={onChoose && choose}
            />
          </div>
        ))}
      {nothing && <p className={classes.none}>{empty}</p>}
      {place !== null && !nothing && <Readout at={at} panes={panes} length={length} place={place} hint={onChoose && chooses} />}
    </div>
  );
}

/** Whether the colours mean the same in both: the legend need not be repeated. */
const isSame = (pane: Pane, first: Pane | undefined) => pane.series.map((one) => one.label).join() === first?.series.map((one) => one.label).join();

const MOVES: Record<string, (place: number, last: number) => number> = {
  ArrowLeft: (place) => place - 1,
  ArrowDown: (place) => place - 1,
  ArrowRight: (place) => place + 1,
  ArrowUp: (place) => place + 1,
  PageDown: (place) => place - LEAP,
  PageUp: (place) => place + LEAP,
  Home: () => 0,
  End: (_, last) => last,
};

/** Where a key moves the cursor; null when it doesn't. */
function moved(key: string, place: number, last: number): number | null {
  const move = MOVES[key];
  return move && last >= 0 ? Math.max(0, Math.min(last, move(place, last))) : null;
}
