import { Text, TextInput } from '@mantine/core';

type TypedWordProps = { word: string; typed: string; change: (typed: string) => void; focused?: boolean };

/** A word to type before something is done that can't be taken back: nobody does it by a slip of the hand. */
export function TypedWord({ word, typed, change, focused }: TypedWordProps) {
  return (
    <TextInput
      label={
        <Text span size="sm">
          Type <code>{word}</code> to go on
        </Text>
      }
      value={typed}
      onChange={(event) => change(event.currentTarget.value)}
      autoComplete="off"
      data-autofocus={focused || undefined}
    />
  );
}
