import { Button, Group, Stack } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { Modal } from '@/ui/Modal';
import classes from './SignUp.module.css';

/** Asks before a page is left that holds a key which nobody has copied. */
export function LeaveGuard({ active }: { active: boolean }) {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) => active && (next.pathname !== current.pathname || !('operation' in next.search)),
    enableBeforeUnload: active,
    withResolver: true,
  });
  return (
    <Modal opened={status === 'blocked'} onClose={() => reset?.()} closeOnClickOutside title="Leave without the API key?">
      <Stack gap="md">
        <p className={classes.text}>The key wasn’t copied, and can’t be shown again. If it is lost, another one can be made on the customer’s page.</p>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={() => proceed?.()}>
            Leave
          </Button>
          <Button data-autofocus onClick={() => reset?.()}>
            Stay
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
