/** The endpoints that a node has found to be down, as the annotation of its Lease has them. Pure. */

/** An annotation may have 256 KiB with all others. */
const MOST_BYTES = 200_000;

/**
 * By Service and way of asking: `default/web 10.0.0.1:80 10.0.0.2:80` and the next behind a semicolon.
 *
 * @param endpoints `<group> <address>:<port>`
 */
export function formatDownList(endpoints: Iterable<string>): {
  readonly text: string;
  readonly isCut: boolean;
} {
  const groups = Map.groupBy([...endpoints].sort(), (endpoint) => splitEndpoint(endpoint)[0]);
  const parts: string[] = [];
  let length = 0;
  for (const [group, members] of groups) {
    const part = [group, ...members.map((endpoint) => splitEndpoint(endpoint)[1])].join(' ');
    length += part.length + 1;
    if (length > MOST_BYTES) return { text: parts.join(';'), isCut: true };
    parts.push(part);
  }
  return { text: parts.join(';'), isCut: false };
}

/** What others have written is cut as it would be here. */
export function parseDownList(text: string): ReadonlySet<string> {
  const down = new Set<string>();
  for (const part of text.slice(0, MOST_BYTES).split(';')) {
    const [group = '', ...members] = part.split(' ');
    for (const member of members) down.add(`${group} ${member}`);
  }
  return down;
}

function splitEndpoint(endpoint: string): readonly [string, string] {
  const at = endpoint.lastIndexOf(' ');
  return [endpoint.slice(0, at), endpoint.slice(at + 1)];
}
