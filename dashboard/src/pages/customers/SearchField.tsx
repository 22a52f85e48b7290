import { CloseButton, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { shownPart } from '@/api/shownPart';
import { singleKeys } from '@/ui/singleKeys';
import classes from './Customers.module.css';

/** Finds by part of the name, the customerId or the billing address. Asks when the typing pauses. */
export function SearchField({ value, change }: { value: string; change: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  const sent = useRef(value);
  const hasKeys = singleKeys.use();
  const send = useDebouncedCallback((next: string) => {
    sent.current = next;
    change(next);
  }, 200);
  useEffect(() => {
    // The address was changed by something else: a view, Back.
    if (value !== sent.current) setTyped(value);
    sent.current = value;
  }, [value]);
  const type = (next: string) => {
    setTyped(next);
    send(shownPart(next.trim()));
  };
  return (
    <TextInput
      size="xs"
      className={classes.find}
      type="search"
      aria-label="Find customers by name, id or e-mail"
      placeholder="Name, id or e-mail"
      data-filter
      value={typed}
      onChange={(event) => type(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Escape' && type('')}
      leftSection={<IconSearch size={14} aria-hidden />}
      rightSection={typed ? <CloseButton size="xs" aria-label="Empty the search" onClick={() => type('')} /> : hasKeys && <kbd aria-hidden>/</kbd>}
    />
  );
}
