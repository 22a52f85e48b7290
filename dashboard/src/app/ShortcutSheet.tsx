import { Kbd, Stack, Switch, Table } from '@mantine/core';
import { listed } from '@/navigation';
import { singleKeys } from '@/ui/singleKeys';

/** Those that work whatever is chosen. */
const ALWAYS: Row[] = [
  [['Ctrl', 'K'], 'Find a customer, key, page or action'],
  [['↓'], 'From the filter, and from row to row'],
  [['Enter'], 'Open the row'],
  [['Esc'], 'Close what is open'],
];

/** Those of a single letter or sign. */
const SINGLE: Row[] = [
  ...listed.map(({ entry }): Row => [['g', entry.letter], `Go to ${entry.label}`]),
  [['c'], 'Sign a customer up'],
  [['/'], 'Filter this page'],
  [['j'], 'The next row of a list'],
  [['k'], 'The row before'],
  [['x'], 'Select the row'],
  [['?'], 'This sheet'],
];

type Row = [keys: string[], does: string];

/** All shortcuts, and whether those of a single key work. */
export default function ShortcutSheet() {
  const hasKeys = singleKeys.use();
  return (
    <Stack gap="md">
      <Switch
        label="Single keys act by themselves"
        description="Turn it off when you speak to the computer, or touch keys by chance. This sheet is in the menu of your account, too."
        checked={hasKeys}
        onChange={(event) => singleKeys.choose(event.currentTarget.checked)}
      />
      <Table withRowBorders={false} verticalSpacing={4}>
        <Table.Tbody>
          {[...ALWAYS, ...(hasKeys ? SINGLE : [])].map(([keys, does]) => (
            <Table.Tr key={does}>
              <Table.Td w={110}>
                {keys.map((key) => (
                  <Kbd key={key} mr={4}>
                    {key}
                  </Kbd>
                ))}
              </Table.Td>
              <Table.Td>{does}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}
