import { TextInput, type TextInputProps } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { shownPart } from '@/api/shownPart';

/** How long nothing must be typed before it is looked for, in milliseconds. */
const PAUSE = 350;

type FilterTextProps = Omit<TextInputProps, 'value' | 'onChange'> & { value: string | undefined; onFilter: (value: string) => void };

/** A field that filters what is below it, once somebody stops typing. */
export function FilterText({ value = '', onFilter, ...rest }: FilterTextProps) {
  const [typed, setTyped] = useState(value);
  const told = useRef(value);
  const tell = useRef(onFilter);
  tell.current = onFilter;
  useEffect(() => {
    // The address was changed by something else: a link, or the way back.
    if (value !== told.current) setTyped(value);
    told.current = value;
  }, [value]);
  useEffect(() => {
    if (typed.trim() === told.current) return;
    const timer = setTimeout(() => {
      told.current = typed.trim();
      tell.current(shownPart(typed.trim()));
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);
  return <TextInput size="xs" {...rest} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />;
}
