import { PageHeader } from '@/ui/PageHeader';

export function CustomersPage() {
  return <PageHeader title="Customers" />;
}
