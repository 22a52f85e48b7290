import { Component, type ReactNode } from 'react';
import { createPortal } from 'react-dom';
import { problemOf } from '@/api/problem';
import { FLOATING } from '@/theme/theme';
import { Failure } from './Failure';
import { isMissing, MISSING, reloadOnce } from './missingParts';
import classes from './states.module.css';

type GuardProps = {
  children: ReactNode;
  subject?: string;
  /** Closes what broke, where nothing else does. */
  closes?: () => void;
  /** What broke has no room of its own on the page, such as a menu: it is said in the corner, and the page is left as it is. */
  floats?: boolean;
};

/** Keeps an error of one part of a page from blanking the rest. What broke is tried anew when the subject changes; what didn't
    stays as it is, with what was focused in it. */
export class Guard extends Component<GuardProps, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidCatch(error: unknown) {
    if (isMissing(error) && !this.props.floats) reloadOnce();
  }

  override componentDidUpdate(before: { subject?: string }) {
    if (before.subject !== this.props.subject && this.state.error !== null) this.setState({ error: null });
  }

  private readonly retry = () => this.setState({ error: null });

  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    const failure = isMissing(error) ? (
      <Failure problem={MISSING} retry={() => window.location.reload()} again="Reload the page" close={this.props.closes} />
    ) : (
      <Failure problem={problemOf(error)} retry={this.retry} close={this.props.closes} />
    );
    if (!this.props.floats) return failure;
    return createPortal(<div className={classes.corner}>{failure}</div>, document.getElementById(FLOATING) ?? document.body);
  }
}
