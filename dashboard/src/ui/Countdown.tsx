import { useEffect, useState } from 'react';
import { exactTime, span } from './format';

/** How long it is until a moment, second by second. `ended` is called once when it has come. */
export function Countdown({ until, ended }: { until: string; ended?: () => void }) {
  const [left, setLeft] = useState(() => secondsUntil(until));
  useEffect(() => {
    let over = false;
    const timer = setInterval(() => {
      const seconds = secondsUntil(until);
      setLeft(seconds);
      if (seconds > 0 || over) return;
      over = true;
      ended?.();
    }, 1000);
    setLeft(secondsUntil(until));
    return () => clearInterval(timer);
  }, [until]);
  return (
    <time dateTime={until} role="timer" title={exactTime(until)}>
      {left > 0 ? span(left) : 'now'}
    </time>
  );
}

const secondsUntil = (until: string) => Math.max(0, Math.round((Date.parse(until) - Date.now()) / 1000));
