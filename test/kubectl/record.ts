/**
 * Writes down what kubectl says now: `node test/kubectl/record.ts [SESSION…]`. What is new in the difference (git diff) must be
 * right by what Kubernetes does, not because it is so.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findKubectl, KUBECTLS } from '../../scripts/kubectl.ts';
import { startCluster } from './cluster-process.ts';
import { play } from './play.ts';
import { type Answer, formatSession, parseSession } from './session.ts';

const chosen = process.argv.slice(2);
for (const file of globSync('sessions/*.txt', { cwd: import.meta.dirname }).sort()) {
  if (chosen.length > 0 && !chosen.includes(basename(file, '.txt'))) continue;
  const path = join(import.meta.dirname, file);
  const commands = parseSession(readFileSync(path, 'utf8')).map(({ command }) => command);
  const answers = commands.map(() => new Map<string, Answer>());
  for (const { version } of KUBECTLS) {
    const kubectl = findKubectl(version);
    if (kubectl === undefined) throw new Error(`kubectl ${version} is not here: node scripts/kubectl.ts`);
    const cluster = await startCluster();
    for (const [i, command] of commands.entries()) {
      answers[i]?.set(version, play(cluster, kubectl, command));
    }
    await cluster.stop();
  }
  const steps = commands.map((command, i) => ({ command, line: 0, answers: answers[i] ?? new Map() }));
  writeFileSync(
    path,
    formatSession(
      steps,
      KUBECTLS.map(({ version }) => version),
    ),
  );
}
