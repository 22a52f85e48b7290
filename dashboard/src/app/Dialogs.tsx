import { closeDialog, forgetDialog, type OpenDialog, useDialogs } from '@/ui/dialogs';
import { Guard } from '@/ui/Guard';
import { Modal } from '@/ui/Modal';

/** The dialogs over the page. One that breaks says so and can be closed; the page behind it stays as it is. */
export default function Dialogs() {
  return useDialogs().map((dialog) => <Shown key={dialog.id} dialog={dialog} />);
}

function Shown({ dialog: { id, title, content, size, stays = false, closesBeside, isOpen, layer } }: { dialog: OpenDialog }) {
  const close = () => closeDialog(id);
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      onExitTransitionEnd={() => forgetDialog(id)}
      title={title}
      size={size}
      closeOnClickOutside={closesBeside}
      closeOnEscape={!stays}
      withCloseButton={!stays}
      layer={layer}
    >
      <Guard closes={stays ? close : undefined}>
        <Content content={content} close={close} />
      </Guard>
    </Modal>
  );
}

// A component of its own, so that what breaks while it is made is caught as well.
const Content = ({ content, close }: { content: OpenDialog['content']; close: () => void }) => content(close);
