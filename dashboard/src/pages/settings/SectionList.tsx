import { NativeSelect } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMay } from '@/session/session';
import { GROUPS, type Section } from './sections';
import classes from './Settings.module.css';

/** The sections that the operator may see: a list beside the section, a select on a phone. */
export function SectionList({ present }: { present: Section | undefined }) {
  const may = useMay();
  const navigate = useNavigate();
  const groups = GROUPS.map(({ label, sections }) => ({ label, sections: sections.filter(({ right }) => right === undefined || may(right)) })).filter(({ sections }) => sections.length > 0);
  return (
    <>
      <nav className={classes.list} aria-label="Settings">
        {groups.map(({ label, sections }) => (
          <div key={label} role="group" aria-label={label}>
            <div className={classes.group} aria-hidden>
              {label}
            </div>
            {sections.map((section) => (
              <Link key={section.key} to="/settings/$section" params={{ section: section.key } as never} className={classes.link} aria-current={section === present ? 'page' : undefined}>
                {section.label}
              </Link>
            ))}
          </div>
        ))}
      </nav>
      <NativeSelect
        className={classes.select}
        size="sm"
        label="Section"
        value={present?.key ?? ''}
        onChange={(event) => void navigate({ to: '/settings/$section', params: { section: event.currentTarget.value } as never })}
        data={[...(present ? [] : [{ value: '', label: 'Choose a section' }]), ...groups.map(({ label, sections }) => ({ group: label, items: sections.map((section) => ({ value: section.key, label: section.label })) }))]}
      />
    </>
  );
}
