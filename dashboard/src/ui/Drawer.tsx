import { Drawer as Sheet, type DrawerProps } from '@mantine/core';
import { useLayer } from './layers';

/** Details at the side of the page. Escape closes it while no dialog lies over it. */
export function Drawer(props: DrawerProps) {
  useLayer(props.opened, props.onClose);
  return <Sheet position="right" {...props} closeOnEscape={false} returnFocus={false} />;
}
