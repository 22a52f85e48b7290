import { Modal } from '@mantine/core';
import { Suspense } from 'react';
import { closeDialog, forgetDialog, type OpenDialog, useDialogs } from '@/ui/dialogs';
import { Guard } from '@/ui/Panel';

/** The dialogs over the page. One that breaks says so and can be closed; the page behind it stays as it is. */
export default function Dialogs() {
  const dialogs = useDialogs();
  const top = dialogs.findLast(({ isOpen }) => isOpen);
  return dialogs.map((dialog) => <Shown key={dialog.id} dialog={dialog} isTop={dialog === top} />);
}

function Shown({ dialog: { id, title, content, size, stays = false, isOpen }, isTop }: { dialog: OpenDialog; isTop: boolean }) {
  const close = () => closeDialog(id);
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      onExitTransitionEnd={() => forgetDialog(id)}
      title={title}
      size={size}
      closeOnClickOutside={!stays}
      // Escape closes the one in front, not all of them.
      closeOnEscape={!stays && isTop}
      withCloseButton={!stays}
    >
      <Guard closes={stays ? close : undefined}>
        <Suspense fallback={<div aria-busy="true" />}>
          <Content content={content} close={close} />
        </Suspense>
      </Guard>
    </Modal>
  );
}

// A component of its own, so that what breaks while it is made is caught as well.
const Content = ({ content, close }: { content: OpenDialog['content']; close: () => void }) => content(close);
