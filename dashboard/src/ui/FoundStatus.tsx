import { VisuallyHidden } from '@mantine/core';
import { useEffect, useState } from 'react';

type FoundStatusProps = {
  /** What is asked: another filter, order or page is another question. */
  question: string;
  /** What was found; undefined until it is there. */
  text: string | undefined;
};

/**
 * Says what a filter, a search or the turn of a page found, to whoever doesn't see it: once for each question, and nothing when rows
 * change by themselves. What is there as the page is opened isn't told: nobody has asked for it yet.
 */
export function FoundStatus({ question, text }: FoundStatusProps) {
  const [told, tell] = useState({ question, text: '' });
  const isTold = told.question === question;
  useEffect(() => {
    if (!isTold && text !== undefined) tell({ question, text });
  }, [isTold, question, text]);
  return <VisuallyHidden role="status">{isTold ? told.text : ''}</VisuallyHidden>;
}
