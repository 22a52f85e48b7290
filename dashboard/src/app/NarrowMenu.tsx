import { Text } from '@mantine/core';
import { Drawer } from '@/ui/Drawer';
import { zone } from '@/ui/format';
import { Brand } from './Brand';
import { Navigation } from './Navigation';

/** The navigation where there is no room for it beside the page. */
export default function NarrowMenu({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Drawer opened={opened} onClose={close} position="left" size={240} title={<Brand />}>
      <Navigation />
      <Text size="xs" c="var(--ink-3)" px="md" mt="md">
        Times in {zone}
      </Text>
    </Drawer>
  );
}
