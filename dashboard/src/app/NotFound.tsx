import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Empty } from '@/ui/Empty';
import { PageHeader } from '@/ui/PageHeader';

/** An address that is no page. */
export function NotFound() {
  return (
    <>
      <PageHeader title="No such page" />
      <Empty title="There is no page at this address">
        It may have been moved, or what it showed is gone. <Anchor component={Link} to="/">Go to the overview</Anchor>, or press Ctrl K to find something.
      </Empty>
    </>
  );
}
