import { Modal as Dialog, type ModalProps } from '@mantine/core';
import { type Layer, useLayer } from './layers';

/** A dialog over the page. Escape closes it while it is in front; a click beside it doesn't, unless told to: what was written in it would be lost. */
export function Modal({ closeOnEscape = true, closeOnClickOutside = false, layer, ...props }: ModalProps & { layer?: Layer }) {
  useLayer(props.opened, closeOnEscape ? props.onClose : undefined, layer);
  return <Dialog {...props} closeOnEscape={false} closeOnClickOutside={closeOnClickOutside} returnFocus={false} />;
}
