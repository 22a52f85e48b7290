import { Button, CopyButton } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import classes from './ShownOnce.module.css';

export type ShownOnceProps = {
  secret: string;
  /** What the secret is: "API key". */
  label: string;
  /** What is kept of it here. */
  kept?: string;
  /** Told when it was copied. */
  onCopied?: () => void;
};

/** A secret that nobody can show again. The button that copies it has the focus. */
export function ShownOnce({ secret, label, kept = 'Only its hash is kept.', onCopied }: ShownOnceProps) {
  return (
    <div className={classes.once}>
      <p className={classes.warning}>This is the only time the {label} {label.endsWith('s') ? 'are' : 'is'} shown. {kept}</p>
      <div className={classes.line}>
        <code className={classes.secret}>{secret}</code>
        <CopyButton value={secret} timeout={4000}>
          {({ copied, copy }) => (
            <Button
              autoFocus
              data-autofocus
              className={classes.copy}
              leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
              onClick={() => {
                copy();
                onCopied?.();
              }}
            >
              {copied ? 'Copied' : `Copy the ${label}`}
            </Button>
          )}
        </CopyButton>
      </div>
    </div>
  );
}
