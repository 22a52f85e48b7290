import { PageHeader } from '@/ui/PageHeader';

export function UsagePage() {
  return <PageHeader title="Usage" />;
}
