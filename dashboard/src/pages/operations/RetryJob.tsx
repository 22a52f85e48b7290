import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { askAgain } from '@/api/askAgain';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { complain, say } from '@/ui/notify';

/** Queues a dead job again. */
export function RetryJob({ id }: { id: string }) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const retry = async () => {
    setBusy(true);
    try {
      await taken(api.POST('/api/admin/jobs/{id}/retry', { params: { path: { id } } }));
      say('Queued again', 'A worker takes it within seconds, with all its attempts.');
      await askAgain(client, /\/(jobs|statistics)/);
    } catch (error) {
      complain(error);
    }
    setBusy(false);
  };
  return (
    <Button size="compact-xs" variant="default" loading={busy} onClick={() => void retry()}>
      Try again
    </Button>
  );
}
