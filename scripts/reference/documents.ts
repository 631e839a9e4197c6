/** Which documents are generated, and from what. */
import { configurationReference } from './configuration.ts';
import { flagsReference } from './flags.ts';
import { metricsReference } from './metrics.ts';

interface GeneratedDocument {
  /** From the root of the repository. */
  readonly path: string;
  /** The whole text. */
  readonly make: () => string;
}

export const DOCUMENTS: readonly GeneratedDocument[] = [
  { path: 'docs/reference/flags.md', make: flagsReference },
  { path: 'docs/reference/configuration.md', make: configurationReference },
  { path: 'docs/reference/metrics.md', make: metricsReference },
];
