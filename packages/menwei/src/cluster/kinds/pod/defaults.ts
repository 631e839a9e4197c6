/** What a pod is when it says nothing else (cluster § 10.3). */
import type { Messages } from '../../schema/messages.ts';

type Pod = Messages['core.v1.Pod'];
type PodSpec = Messages['core.v1.PodSpec'];
type PodStatus = Messages['core.v1.PodStatus'];
type Container = Messages['core.v1.Container'];
type Probe = Messages['core.v1.Probe'];
type Lifecycle = Messages['core.v1.Lifecycle'];
type Volume = Messages['core.v1.Volume'];

const READ_BY_ALL = 0o644;

/** On every decode. */
export function withPodDefaults(pod: Pod): Pod {
  const { spec = {}, status } = pod;
  return {
    ...pod,
    spec: withSpecDefaults(spec),
    ...(status === undefined ? {} : { status: withPodIps(status) }),
  };
}

function withSpecDefaults(spec: PodSpec): PodSpec {
  const hasHostPorts = spec.hostNetwork === true;
  const account = spec.serviceAccountName || spec.serviceAccount;
  const grace = spec.terminationGracePeriodSeconds ?? 30;
  const isContainer = (container: Container) => withContainerDefaults(container, hasHostPorts);
  return {
    ...spec,
    ...listed('volumes', spec.volumes?.map(withVolumeDefaults)),
    ...listed('initContainers', spec.initContainers?.map(isContainer)),
    containers: spec.containers?.map(isContainer) ?? null,
    restartPolicy: spec.restartPolicy || 'Always',
    // A negative one stands for the least.
    terminationGracePeriodSeconds: grace < 0 ? 1 : grace,
    dnsPolicy: spec.dnsPolicy || 'ClusterFirst',
    ...(account ? { serviceAccountName: account, serviceAccount: account } : {}),
    securityContext: spec.securityContext ?? {},
    schedulerName: spec.schedulerName || 'default-scheduler',
    enableServiceLinks: spec.enableServiceLinks ?? true,
  };
}

function withContainerDefaults(container: Container, hasHostPorts: boolean): Container {
  const { resources = {}, ports, image = '' } = container;
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
  return {
    ...container,
    ...listed(
      'ports',
      ports?.map((port) => withPortDefaults(port, hasHostPorts)),
    ),
    ...listed('env', container.env?.map(withEnvDefaults)),
    resources: withRequests(resources),
    ...(livenessProbe === undefined ? {} : { livenessProbe: withProbeDefaults(livenessProbe) }),
    ...(readinessProbe === undefined ? {} : { readinessProbe: withProbeDefaults(readinessProbe) }),
    ...(startupProbe === undefined ? {} : { startupProbe: withProbeDefaults(startupProbe) }),
    ...(lifecycle === undefined ? {} : { lifecycle: withLifecycleDefaults(lifecycle) }),
    terminationMessagePath: container.terminationMessagePath || '/dev/termination-log',
    terminationMessagePolicy: container.terminationMessagePolicy || 'File',
    imagePullPolicy: container.imagePullPolicy || pullPolicyOf(image),
  };
}

/** One that names a version is not pulled again. */
function pullPolicyOf(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1);
  if (name.includes('@')) return 'IfNotPresent';
  const tag = name.includes(':') ? name.slice(name.indexOf(':') + 1) : 'latest';
  return tag === 'latest' || tag === '' ? 'Always' : 'IfNotPresent';
}

function withPortDefaults(
  port: Messages['core.v1.ContainerPort'],
  hasHostPorts: boolean,
): Messages['core.v1.ContainerPort'] {
  const { hostPort = 0, containerPort = 0 } = port;
  return {
    ...port,
    protocol: port.protocol || 'TCP',
    ...(hasHostPorts && hostPort === 0 ? { hostPort: containerPort } : {}),
  };
}

function withEnvDefaults(env: Messages['core.v1.EnvVar']): Messages['core.v1.EnvVar'] {
  const fieldRef = env.valueFrom?.fieldRef;
  if (fieldRef === undefined) return env;
  const apiVersion = fieldRef.apiVersion || 'v1';
  return { ...env, valueFrom: { ...env.valueFrom, fieldRef: { ...fieldRef, apiVersion } } };
}

/** What is limited and not asked for is asked for. */
function withRequests(
  resources: Messages['core.v1.ResourceRequirements'],
): Messages['core.v1.ResourceRequirements'] {
  const { limits, requests } = resources;
  return limits === undefined ? resources : { ...resources, requests: { ...limits, ...requests } };
}

function withProbeDefaults(probe: Probe): Probe {
  const { httpGet, grpc } = probe;
  return {
    ...probe,
    ...(httpGet === undefined ? {} : { httpGet: withHttpDefaults(httpGet) }),
    ...(grpc === undefined ? {} : { grpc: { service: '', ...grpc } }),
    timeoutSeconds: probe.timeoutSeconds || 1,
    periodSeconds: probe.periodSeconds || 10,
    successThreshold: probe.successThreshold || 1,
    failureThreshold: probe.failureThreshold || 3,
  };
}

function withLifecycleDefaults({ postStart, preStop, ...lifecycle }: Lifecycle): Lifecycle {
  return {
    ...lifecycle,
    ...(postStart === undefined ? {} : { postStart: withHandlerDefaults(postStart) }),
    ...(preStop === undefined ? {} : { preStop: withHandlerDefaults(preStop) }),
  };
}

function withHandlerDefaults(
  handler: Messages['core.v1.LifecycleHandler'],
): Messages['core.v1.LifecycleHandler'] {
  const { httpGet } = handler;
  return httpGet === undefined ? handler : { ...handler, httpGet: withHttpDefaults(httpGet) };
}

function withHttpDefaults(action: Messages['core.v1.HTTPGetAction']): Messages['core.v1.HTTPGetAction'] {
  return { ...action, path: action.path || '/', scheme: action.scheme || 'HTTP' };
}

/** Those that a Service or a test may name; a volume that says nothing is an empty folder. */
function withVolumeDefaults(volume: Volume): Volume {
  const { configMap, secret, projected, downwardAPI, hostPath } = volume;
  const { name, ...source } = volume;
  if (Object.keys(source).length === 0) return { ...volume, emptyDir: {} };
  return {
    ...volume,
    ...(configMap === undefined ? {} : { configMap: { defaultMode: READ_BY_ALL, ...configMap } }),
    ...(secret === undefined ? {} : { secret: { defaultMode: READ_BY_ALL, ...secret } }),
    ...(projected === undefined ? {} : { projected: { defaultMode: READ_BY_ALL, ...projected } }),
    ...(downwardAPI === undefined ? {} : { downwardAPI: { defaultMode: READ_BY_ALL, ...downwardAPI } }),
    ...(hostPath === undefined ? {} : { hostPath: { type: '', ...hostPath } }),
  };
}

/** The singular field is the first of the plural one; where they differ, it is right. */
function withPodIps(status: PodStatus): PodStatus {
  const { podIP = '', podIPs = [], ...others } = status;
  const all = podIP === '' || podIP === podIPs[0]?.ip ? podIPs : [{ ip: podIP }];
  const first = all[0]?.ip;
  if (first === undefined) return others;
  return { ...others, podIP: first, podIPs: all };
}

function listed<Name extends string, Item>(
  name: Name,
  items: readonly Item[] | undefined,
): { readonly [Key in Name]?: readonly Item[] };
function listed(name: string, items: readonly unknown[] | undefined): object {
  return items === undefined ? {} : { [name]: items };
}
