import { PageHeader } from '@/ui/PageHeader';

export function OperationsPage() {
  return <PageHeader title="Operations" />;
}
