import type { Column } from '@/ui/DataTable';
import { count, NOTHING, words } from '@/ui/format';
import { RowLink } from '@/ui/RowLink';
import { When } from '@/ui/When';
import { CustomerStatus } from './CustomerStatus';
import classes from './Customers.module.css';
import { type Customer, nameOf } from './customer';

const Plain = ({ children }: { children: string | null | undefined }) => <span className={classes.cut}>{children || NOTHING}</span>;

/** All that the table can show. The first column always is. */
export const COLUMNS: readonly Column<Customer>[] = [
  {
    id: 'customer',
    header: 'Customer',
    sort: 'company_name',
    cell: (customer) => (
      <>
        <RowLink to={`/customers/${nameOf(customer)}`} className={classes.name}>
          {customer.company_name}
        </RowLink>
        <code className={classes.id}>{customer.customer_id}</code>
      </>
    ),
  },
  { id: 'status', header: 'Status', sort: 'subscription_status', cell: (customer) => <CustomerStatus of={customer} /> },
  { id: 'plan', header: 'Plan', sort: 'subscription_plan', cell: (customer) => words(customer.subscription_plan) },
  { id: 'modules', header: 'Modules on', sort: '-enabled_module_count', align: 'end', wide: true, cell: (customer) => count(customer.enabled_module_count) },
  { id: 'keys', header: 'API keys', sort: '-api_key_count', align: 'end', wide: true, cell: (customer) => count(customer.api_key_count) },
  { id: 'requests', header: 'Requests, 30 days', sort: '-requests_30d', align: 'end', wide: true, cell: (customer) => count(customer.requests_30d) },
  { id: 'email', header: 'E-mail for invoices', wide: true, cell: (customer) => <Plain>{customer.billing_email}</Plain> },
  { id: 'timezone', header: 'Time zone', wide: true, cell: (customer) => <Plain>{customer.timezone}</Plain> },
  { id: 'database', header: 'Database', wide: true, cell: (customer) => <Plain>{databaseOf(customer)}</Plain> },
  { id: 'schema', header: 'Schema version', align: 'end', wide: true, cell: (customer) => customer.schema_version ?? NOTHING },
  { id: 'industry', header: 'Industry', wide: true, cell: (customer) => <Plain>{customer.industry}</Plain> },
  { id: 'size', header: 'Company size', wide: true, cell: (customer) => <Plain>{customer.company_size}</Plain> },
  { id: 'clerk', header: 'Clerk organization', wide: true, cell: (customer) => <Plain>{customer.clerk_org_id}</Plain> },
  { id: 'trial', header: 'Trial ends', wide: true, cell: (customer) => <When at={customer.trial_ends_at} /> },
  { id: 'changed', header: 'Changed', sort: '-updated_at', wide: true, cell: (customer) => <When at={customer.updated_at} /> },
  { id: 'created', header: 'Signed up', sort: '-created_at', wide: true, cell: (customer) => <When at={customer.created_at} /> },
];

/** What is shown unless something else was chosen. */
export const SHOWN = ['status', 'plan', 'modules', 'keys', 'requests', 'email', 'created'];

const databaseOf = ({ database_host: host, database_port: port, database_name: name }: Customer) => name && `${name} on ${host}:${port}`;
