import { Drawer } from '@mantine/core';
import { Brand } from './Brand';
import { Navigation } from './Navigation';

/** The navigation where there is no room for it beside the page. */
export default function NarrowMenu({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Drawer opened={opened} onClose={close} size={240} title={<Brand />}>
      <Navigation />
    </Drawer>
  );
}
