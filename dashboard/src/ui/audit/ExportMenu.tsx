import { Button, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';

/** The same rows as a file, of any length. The browser fetches it itself, so that it is never in memory as a whole. */
export function ExportMenu({ query }: { query: Record<string, string | undefined> }) {
  const address = (format: string) => {
    const parameters = new URLSearchParams({ format });
    for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, value);
    return `/api/admin/audit-logs/export?${parameters}`;
  };
  return (
    <Menu width={230}>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={14} />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>All rows that the filter finds</Menu.Label>
        <Menu.Item component="a" href={address('csv')} download="audit-log.csv">
          CSV, for spreadsheets
        </Menu.Item>
        <Menu.Item component="a" href={address('jsonl')} download="audit-log.jsonl">
          JSON lines, for programs
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
