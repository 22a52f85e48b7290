/** How many networks a key may name. */
const MOST = 100;

/** What is wrong with these networks, as the API says it; null when nothing is. */
export function wrongNetworks(networks: readonly string[]): string | null {
  if (networks.length > MOST) return `must be at most ${MOST} networks: name larger ranges`;
  for (const text of networks) {
    const wrong = wrongNetwork(text);
    if (wrong) return `${text}: ${wrong}`;
  }
  return null;
}

function wrongNetwork(text: string): string | null {
  const [address = '', prefix, ...more] = text.split('/');
  const parsed = v4(address) ?? v6(address);
  const length = prefix === undefined ? parsed?.size : /^\d{1,3}$/.test(prefix) ? Number(prefix) : undefined;
  if (!parsed || length === undefined || length > parsed.size || more.length > 0) {
    return 'must be an IPv4 or IPv6 address, or a range such as 192.0.2.0/24 or 2001:db8::/32';
  }
  const beyond = (1n << BigInt(parsed.size - length)) - 1n;
  return (parsed.bits & beyond) === 0n ? null : `has bits set beyond its prefix: write ${address} for the one address, or the range’s first address`;
}

type Address = { bits: bigint; size: 32 | 128 };

function v4(text: string): Address | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return null;
  return { bits: parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n), size: 32 };
}

function v6(text: string): Address | null {
  if (!text.includes(':') || !URL.canParse(`http://[${text}]/`)) return null;
  // The browser writes it with eight groups, of which one run of zeros may be left out.
  const [head = '', tail] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split('::');
  const groups = (part: string) => part.split(':').filter(Boolean);
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
  return { bits: all.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n), size: 128 };
}
