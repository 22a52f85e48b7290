import { useParams } from '@tanstack/react-router';
import { useMay } from '@/session/session';
import { Empty } from '@/ui/Empty';
import { PageHeader } from '@/ui/PageHeader';
import { Guard } from '@/ui/Guard';
import { Panel } from '@/ui/Panel';
import { BODIES } from './bodies';
import { SectionList } from './SectionList';
import { SECTIONS } from './sections';
import classes from './Settings.module.css';

/** The settings: one section at a time. */
export function SettingsPage() {
  const { section: key } = useParams({ strict: false }) as { section?: string };
  const may = useMay();
  const [first] = SECTIONS;
  const wanted = key === undefined ? first : SECTIONS.find((section) => section.key === key);
  const isAllowed = wanted !== undefined && (wanted.right === undefined || may(wanted.right));
  const present = isAllowed ? wanted : undefined;
  const Body = present && BODIES[present.key];
  return (
    <>
      <PageHeader title={present?.label ?? 'Settings'} note={present?.note} />
      <div className={classes.page}>
        <SectionList present={present} />
        <div className={classes.section}>
          {present && Body ? (
            <Guard key={present.key}>
              <Body />
            </Guard>
          ) : (
            <Panel flush>
              <Empty title={wanted ? 'Your role doesn’t show this section' : 'There is no such section'}>
                {wanted ? `It needs the permission ${wanted.right}. Somebody with the role owner can give you a role that has it.` : 'Choose one of the list.'}
              </Empty>
            </Panel>
          )}
        </div>
      </div>
    </>
  );
}
