import { Autocomplete, type AutocompleteProps } from '@mantine/core';
import { type KeyboardEvent, useEffect, useState } from 'react';
import { shownPart } from '@/api/shownPart';
import { useCustomersFound } from './useCustomersFound';
import { useNameOf } from './useNameOf';

type CustomerFilterProps = Pick<AutocompleteProps, 'label' | 'error' | 'comboboxProps'> & {
  'data-autofocus'?: boolean;
  value: string | undefined;
  onFilter: (value: string) => void;
};

/** Filters by a customer, who is chosen of those whom part of a name finds: the API takes nobody's name by half. */
export function CustomerFilter({ value = '', onFilter, ...rest }: CustomerFilterProps) {
  const name = useNameOf(value);
  // What is typed and not chosen yet.
  const [typed, setTyped] = useState<string | null>(null);
  const { found, isSettled, offers } = useCustomersFound(typed ?? '');
  useEffect(() => setTyped(null), [value]);
  const choose = (chosen: string) => {
    setTyped(null);
    const wanted = shownPart(chosen.trim());
    if (wanted !== value) onFilter(wanted);
  };
  const exact = found.find((one) => one === typed?.trim());
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
    // One that the arrows went to is chosen by the list itself.
    if (event.currentTarget.getAttribute('aria-activedescendant')) return;
    event.preventDefault();
    // Whom nothing finds may be gone, and have rows all the same.
    if (typed !== null && isSettled) choose(exact ?? found[0] ?? typed);
  };
  return (
    <Autocomplete
      size="xs"
      label="Customer"
      placeholder="Part of a name"
      maxLength={200}
      openOnFocus={false}
      data-filter
      value={typed ?? name}
      onChange={(next) => (next === '' ? choose('') : setTyped(next))}
      onOptionSubmit={choose}
      onKeyDown={press}
      onBlur={() => (exact === undefined ? setTyped(null) : choose(exact))}
      {...rest}
      {...offers}
    />
  );
}
