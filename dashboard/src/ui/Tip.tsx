import { Tooltip } from '@mantine/core';
import type { RefObject } from 'react';

export type TipProps = { target: RefObject<HTMLElement | null>; label: string; wide: boolean; isShown: boolean };

/** The explanation of a hint, beside what it explains. */
export default function Tip({ target, label, wide, isShown }: TipProps) {
  return <Tooltip target={target} label={label} opened={isShown} multiline={wide} w={wide ? 240 : undefined} />;
}
