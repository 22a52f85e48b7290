import { Kbd, Table } from '@mantine/core';
import { listed } from '@/navigation';

const ROWS: [string[], string][] = [
  [['Ctrl', 'K'], 'Find a customer, key, page or action'],
  ...listed.map(({ entry }): [string[], string] => [['g', entry.letter], `Go to ${entry.label}`]),
  [['c'], 'Sign a customer up'],
  [['/'], 'Filter this page'],
  [['j'], 'The next row of a list'],
  [['k'], 'The row before'],
  [['Enter'], 'Open the row'],
  [['x'], 'Select the row'],
  [['?'], 'This sheet'],
  [['Esc'], 'Close what is open'],
];

/** All shortcuts. */
export default function ShortcutSheet() {
  return (
    <Table withRowBorders={false} verticalSpacing={4}>
      <Table.Tbody>
        {ROWS.map(([keys, does]) => (
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
  );
}
