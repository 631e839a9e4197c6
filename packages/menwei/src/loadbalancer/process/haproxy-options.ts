/** What `menwei lb` is told of HAProxy: its flags, checked. */
import { DEFAULT_REQUEST_SETTINGS, type RequestSettings } from '../providers/balancer-request.ts';
import { DEFAULT_HAPROXY_SETTINGS, type HAProxySettings } from '../providers/haproxy/open-haproxy.ts';

/** As the command line has them. */
export interface HAProxyFlags {
  readonly haproxyBinary?: string;
  readonly haproxyFolder?: string;
  readonly haproxyConfig?: string;
  readonly haproxyBaseConfig?: readonly string[];
  readonly haproxySocket?: string;
  readonly haproxyMasterSocket?: string;
  readonly haproxyCluster?: string;
  readonly haproxyNodeAddresses?: string;
  readonly haproxyNodeHealthPort?: string;
}

export interface HAProxyOptions {
  readonly haproxy: HAProxySettings;
  readonly requests: RequestSettings;
}

/** Class of the Services that HAProxy serves. */
export const HAPROXY_CLASS = 'menwei.dev/haproxy';
const ADDRESSES: readonly RequestSettings['nodeAddresses'][] = ['InternalIP', 'ExternalIP'];

/** Undefined: nobody has said anything of HAProxy. What is wrong is told with the name of its flag. */
export function parseHAProxyFlags(flags: HAProxyFlags, errors: string[]): HAProxyOptions | undefined {
  const { haproxyBinary, haproxyFolder, haproxyConfig, haproxyBaseConfig = [] } = flags;
  const defaults = DEFAULT_HAPROXY_SETTINGS;
  if (!Object.entries(flags).some(([name, value]) => name.startsWith('haproxy') && value !== undefined))
    return undefined;
  if ([haproxyBinary, haproxyFolder, haproxyConfig].every((flag) => flag === undefined)) {
    errors.push(
      '--haproxy-binary: is needed to start HAProxy here, or --haproxy-config for one that runs already',
    );
  }
  if (haproxyConfig !== undefined && haproxyFolder !== undefined) {
    errors.push(
      '--haproxy-folder: is for an HAProxy that is started here, and --haproxy-config for one that runs already',
    );
  }
  const haproxy: HAProxySettings = {
    cluster: flags.haproxyCluster ?? defaults.cluster,
    binary: haproxyBinary ?? defaults.binary,
    folder: haproxyFolder ?? defaults.folder,
    configFile: haproxyConfig ?? '',
    baseFiles: haproxyBaseConfig,
    adminSocket: flags.haproxySocket ?? '',
    masterSocket: flags.haproxyMasterSocket ?? '',
  };
  return { haproxy, requests: readRequestSettings(flags, errors) };
}

function readRequestSettings(
  { haproxyNodeAddresses: nodeAddresses, haproxyNodeHealthPort: proxyHealthPort }: HAProxyFlags,
  errors: string[],
): RequestSettings {
  const addresses = ADDRESSES.find(
    (one) => one === (nodeAddresses ?? DEFAULT_REQUEST_SETTINGS.nodeAddresses),
  );
  if (addresses === undefined) {
    errors.push(
      `--haproxy-node-addresses: ${JSON.stringify(nodeAddresses)} is none of ${ADDRESSES.join(', ')}`,
    );
  }
  const port = proxyHealthPort ?? String(DEFAULT_REQUEST_SETTINGS.proxyHealthPort);
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65_535)
    errors.push(`--haproxy-node-health-port: ${JSON.stringify(port)} is outside 1-65535`);
  return { nodeAddresses: addresses ?? 'InternalIP', proxyHealthPort: number };
}
