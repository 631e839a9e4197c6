/** Objects from YAML or JSON files: read once (`menwei render`), or watched as a source of the proxy. */
export { DEFAULT_NODE_PORT_RANGE, type PortRange } from './manifests/allocation.ts';
export { formatManifestError, type ManifestError } from './manifests/manifest-file.ts';
export { createManifestSource, type ManifestSourceOptions } from './manifests/manifest-source.ts';
export { type Manifests, type ReadOptions, readManifests } from './manifests/read-manifests.ts';
