import { useNow } from '@/ui/useNow';
import classes from './Modules.module.css';
import type { Held } from './useModules';
import { whyOf } from './whyOf';

/** Why a module is on or off: what decides, until when, and what somebody wrote about it. */
export function Why({ module }: { module: Held }) {
  const lines = whyOf(module, useNow());
  return (
    <span className={classes.why}>
      {lines.map((line, place) => (
        <span key={place}>{line}</span>
      ))}
    </span>
  );
}
