import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { problemOf } from '@/api/problem';
import { useMay } from '@/session/session';
import { AsOf } from '@/ui/AsOf';
import { Empty } from '@/ui/Empty';
import { Loaded } from '@/ui/Loaded';
import { PageHeader } from '@/ui/PageHeader';
import { Guard } from '@/ui/Guard';
import { Panel } from '@/ui/Panel';
import { TabLinks } from '@/ui/TabLinks';
import { addressOf, type Customer, useCustomer } from './customer';
import { CustomerHead } from './head/CustomerHead';
import { NotThere } from './NotThere';
import { tabs } from './tabs';

/** One customer, one page. */
export function CustomerPage() {
  const { customer = '', tab } = useParams({ strict: false }) as { customer?: string; tab?: string };
  return <Named key={customer} name={customer} tab={tab} />;
}

function Named({ name, tab }: { name: string; tab?: string }) {
  const query = useCustomer(name);
  // Asking again forgets the answer before; who wasn't there isn't until the server says so.
  const [isMissing, setMissing] = useState(false);
  const is404 = query.error !== null && problemOf(query.error).status === 404;
  if (is404 && !isMissing) setMissing(true);
  if (query.isSuccess && isMissing) setMissing(false);
  if (is404 || (isMissing && !query.isSuccess)) return <NotThere name={name} />;
  if (query.data) {
    return (
      <>
        <AsOf query={query} />
        <Known customer={query.data} tab={tab} />
      </>
    );
  }
  return (
    <>
      <PageHeader title={name} />
      <Panel flush>
        <Loaded query={query}>{() => null}</Loaded>
      </Panel>
    </>
  );
}

function Known({ customer, tab: wanted }: { customer: Customer; tab?: string }) {
  const may = useMay();
  const offered = tabs.filter(({ right }) => right === undefined || may(right));
  const tab = wanted === undefined ? tabs[0] : offered.find(({ name }) => name === wanted);
  const links = offered.map(({ name, label }) => ({ ...addressOf(customer, name), label, current: name === tab?.name }));
  return (
    <>
      <CustomerHead customer={customer} />
      <TabLinks label={`Parts of ${customer.company_name}`} tabs={links} />
      <Guard subject={tab?.name}>
        {tab ? <tab.content customer={customer} /> : <NoTab name={wanted ?? ''} />}
      </Guard>
    </>
  );
}

const NoTab = ({ name }: { name: string }) => (
  <Panel flush>
    <Empty title="This part of the page isn’t there">
      Nothing here is called “{name}”, or your role doesn’t show it. What there is stands in the line above.
    </Empty>
  </Panel>
);
