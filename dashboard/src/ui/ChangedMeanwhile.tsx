import { Notice } from './Notice';
import type { Meanwhile } from './useMeanwhile';

/** What a field is called, and what the thing has there now, in words. */
export type Said = readonly [label: string, now: string];

type ChangedMeanwhileProps<Values> = {
  meanwhile: Meanwhile<Values>;
  /** Fields that mean one thing together say the same. */
  said: Record<keyof Values, Said>;
  /** Whether saving was refused because of it. */
  refused: boolean;
  /** Whether anything is left to save. */
  isDirty: boolean;
};

/** Says in a form that somebody else changed the same thing, what of it, and what comes of it. */
export function ChangedMeanwhile<Values>({ meanwhile: { taken, kept }, said, refused, isDirty }: ChangedMeanwhileProps<Values>) {
  if (!refused && taken.length + kept.length === 0) return null;
  const once = (fields: readonly (keyof Values)[]) => [...new Map(fields.map((field) => said[field]))];
  return (
    <Notice tone="warn" title="Somebody else has changed this meanwhile">
      {taken.length > 0 && <p>Shown here as it is now: {once(taken).map(([label]) => label).join(', ')}.</p>}
      {once(kept).map(([label, now]) => (
        <p key={label}>
          {label} is now {now === '' ? 'empty' : `“${now}”`}: saving puts yours in its place.
        </p>
      ))}
      {refused && <p>{isDirty ? 'Nothing was saved yet, and nothing that you wrote is lost: save again.' : 'It is as you wrote it already.'}</p>}
    </Notice>
  );
}
