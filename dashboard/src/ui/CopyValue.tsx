import { ActionIcon, CopyButton } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import classes from './CopyValue.module.css';
import { Hint } from './Hint';

/** A value to take along, with a button that copies it. */
export function CopyValue({ value, label, shown }: { value: string; label: string; shown?: string }) {
  return (
    <span className={classes.copy}>
      <code>{shown ?? value}</code>
      <CopyButton value={value} timeout={1500}>
        {({ copied, copy }) => (
          <Hint label={copied ? 'Copied' : `Copy ${label}`}>
            <ActionIcon size="sm" aria-label={copied ? `${label} copied` : `Copy ${label}`} onClick={copy}>
              {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
            </ActionIcon>
          </Hint>
        )}
      </CopyButton>
    </span>
  );
}
