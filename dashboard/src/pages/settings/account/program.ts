// Which browser and system a User-Agent names; the order matters, for browsers claim to be each other.
const BROWSERS: [RegExp, string][] = [[/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/Chrome\//, 'Chrome'], [/Safari\//, 'Safari'], [/^sixty/i, 'The command line']];
const SYSTEMS: [RegExp, string][] = [[/iPhone|iPad/, 'iOS'], [/Android/, 'Android'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/Linux|X11/, 'Linux']];

/** What a program calls itself, in a few words. */
export function programOf(agent: string | null | undefined): string {
  if (!agent) return 'An unnamed program';
  const browser = BROWSERS.find(([names]) => names.test(agent))?.[1];
  const system = SYSTEMS.find(([names]) => names.test(agent))?.[1];
  if (!browser) return agent.length > 60 ? `${agent.slice(0, 60)}…` : agent;
  return system ? `${browser} on ${system}` : browser;
}
