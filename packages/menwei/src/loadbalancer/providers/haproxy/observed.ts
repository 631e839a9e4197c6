/** What there is at HAProxy for each Service, by its file and by what it runs. Pure. */
import type { ObservedBalancer } from '../provider.ts';
import type { ConfigFile } from './config-file.ts';
import { generationOf } from './config-text.ts';
import { describeServerDrift, type RunningServer } from './running-servers.ts';
import {
  balancerName,
  type HAProxySpec,
  parseSectionName,
  type Section,
  sectionName,
  statusOf,
} from './section.ts';

/** @param loaded the structure that runs */
export function observeBalancers(
  cluster: string,
  file: ConfigFile,
  loaded: string,
  running: ReadonlyMap<string, readonly RunningServer[]>,
): readonly ObservedBalancer<HAProxySpec>[] {
  const isLoaded = loaded === generationOf(cluster, file.sections);
  const known = Map.groupBy(file.sections, ({ service }) => service);
  const inFile = Array.from(known, ([service, sections]) => {
    const spec: HAProxySpec = { service, sections: sections.toSorted((a, b) => a.port - b.port) };
    const drift = !file.isAsWritten
      ? 'the file is not as it was written'
      : isLoaded
        ? serverDrift(cluster, sections, running)
        : 'haproxy runs another configuration';
    return { service, name: balancerName(cluster, service), spec, status: statusOf(spec), drift };
  });
  const others = [...file.damaged.map(({ name }) => name), ...running.keys()];
  const strange = new Map<string, ObservedBalancer<HAProxySpec>>();
  for (const name of others) {
    const service = parseSectionName(cluster, name)?.service;
    if (service !== undefined && known.has(service)) continue;
    const whole = service === undefined ? name : balancerName(cluster, service);
    const drift = 'its section is not as it was written';
    strange.set(whole, { service, name: whole, spec: undefined, status: undefined, drift });
  }
  return [...inFile, ...strange.values()];
}

function serverDrift(
  cluster: string,
  sections: readonly Section[],
  running: ReadonlyMap<string, readonly RunningServer[]>,
): string {
  for (const section of sections) {
    const name = sectionName(cluster, section);
    const servers = running.get(name);
    const drift = servers === undefined ? 'it does not run' : describeServerDrift(section, servers);
    if (drift !== '') return `${name}: ${drift}`;
  }
  return '';
}
