/** The captured output of kube-proxy in docs/reference/kube-proxy.md. */
import { readFileSync } from 'node:fs';

const REFERENCE = readFileSync(new URL('../../docs/reference/kube-proxy.md', import.meta.url), 'utf8');

/** The code blocks of a section, in order: each a list of lines. @param section such as `4.10` */
export function capturedBlocks(section: string): readonly (readonly string[])[] {
  const heading = `## ${section} `;
  const [, text] = REFERENCE.split(`\n${heading}`);
  if (text === undefined) throw new Error(`BUG: the reference has no section ${section}`);
  const [own = ''] = text.split(/^##? /m);
  // Odd parts stand between fences.
  return own
    .split(/^```\n/m)
    .filter((_part, index) => index % 2 === 1)
    .map((block) => block.trimEnd().split('\n'));
}
