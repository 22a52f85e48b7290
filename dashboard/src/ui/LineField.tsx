import { Textarea, type TextareaProps } from '@mantine/core';
import type { ChangeEvent } from 'react';
import { oneLine } from './oneLine';

/**
 * A text of one line that may be long: the field wraps it. Line breaks that are typed or pasted become blanks, since the API takes none
 * there; Enter is a blank, too, and sends nothing that is half written.
 */
export function LineField({ onChange, ...props }: TextareaProps) {
  const change = (event: ChangeEvent<HTMLTextAreaElement>) => {
    const { currentTarget: field } = event;
    const line = oneLine(field.value);
    if (line !== field.value) {
      const { selectionStart, selectionEnd } = field;
      field.value = line;
      // A new value takes the caret to the end.
      field.setSelectionRange(selectionStart, selectionEnd);
    }
    onChange?.(event);
  };
  return <Textarea autosize minRows={1} {...props} onChange={change} />;
}
