import { Component, type ReactNode, useId } from 'react';
import classes from './Panel.module.css';
import { Failure } from './Failure';
import { problemOf } from '@/api/problem';
import { isMissing } from './missingParts';

type PanelProps = {
  title?: ReactNode;
  /** What the panel shows and over which time, in a few words. */
  note?: ReactNode;
  /** Buttons and switches at the right of the title. */
  actions?: ReactNode;
  /** Without padding, for tables. */
  flush?: boolean;
  children: ReactNode;
};

/** A ruled part of a page. What breaks inside of it stays inside. */
export function Panel({ title, note, actions, flush = false, children }: PanelProps) {
  const id = useId();
  return (
    <section className={classes.panel} aria-labelledby={title ? id : undefined}>
      {(title || actions) && (
        <header className={classes.head}>
          <div className={classes.names}>
            {title && (
              <h2 id={id} className={classes.title}>
                {title}
              </h2>
            )}
            {note && <p className={classes.note}>{note}</p>}
          </div>
          {actions && <div className={classes.actions}>{actions}</div>}
        </header>
      )}
      <div className={flush ? classes.flush : classes.body}>
        <Guard>{children}</Guard>
      </div>
    </section>
  );
}

type GuardProps = {
  children: ReactNode;
  subject?: string;
  /** Closes what broke, where nothing else does. */
  closes?: () => void;
};

/** Keeps an error of one part of a page from blanking the rest. What broke is tried anew when the subject changes; what didn't
    stays as it is, with what was focused in it. */
export class Guard extends Component<GuardProps, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidUpdate(before: { subject?: string }) {
    if (before.subject !== this.props.subject && this.state.error !== null) this.setState({ error: null });
  }

  // What is loaded lazily is asked for once, and fails ever after: only the page anew asks again.
  private readonly retry = () => (isMissing(this.state.error) ? window.location.reload() : this.setState({ error: null }));

  override render() {
    if (this.state.error === null) return this.props.children;
    return <Failure problem={problemOf(this.state.error)} retry={this.retry} close={this.props.closes} />;
  }
}
