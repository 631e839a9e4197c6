/** What kubectl says to a cluster, in three versions of it: `sessions/` is what is typed, and what must come. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findKubectl, KUBECTLS } from '../../scripts/kubectl.ts';
import { type ClusterProcess, startCluster } from './cluster-process.ts';
import { play } from './play.ts';
import { parseSession } from './session.ts';

const SESSIONS = globSync('sessions/*.txt', { cwd: import.meta.dirname }).sort();

for (const { version } of KUBECTLS) {
  const kubectl = findKubectl(version);
  describe.skipIf(kubectl === undefined)(`kubectl ${version}`, () => {
    describe.each(SESSIONS)('%s', (file) => {
      let cluster: ClusterProcess;
      beforeAll(async () => {
        cluster = await startCluster();
      });
      afterAll(() => cluster.stop());

      for (const { command, line, answers } of parseSession(
        readFileSync(join(import.meta.dirname, file), 'utf8'),
      )) {
        it(`${basename(file)}:${line} ${command}`, () => {
          expect(play(cluster, kubectl ?? '', command)).toEqual(answers.get(version) ?? answers.get(''));
        });
      }
    });
  });
}
