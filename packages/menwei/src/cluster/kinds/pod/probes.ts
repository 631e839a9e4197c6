/** Probes and lifecycle handlers of containers. */
import { type FieldError, forbidden, invalid, notSupported, required } from '../../schema/field-error.ts';
import type { Messages } from '../../schema/messages.ts';
import { invalidEach, whyNoPort, whyNoPortName } from '../syntax.ts';

type Container = Messages['core.v1.Container'];
type Probe = Messages['core.v1.Probe'];
type Handler = Messages['core.v1.ProbeHandler'] & Messages['core.v1.LifecycleHandler'];

const SCHEMES: readonly string[] = ['HTTP', 'HTTPS'];
const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;
const COUNTS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

/** Of containers that go on, and so of init containers that are restarted always. */
export function probeListErrors(field: string, container: Container): readonly FieldError[] {
  const { lifecycle = {} } = container;
  return [
    ...(['postStart', 'preStop'] as const).flatMap((name) => {
      const handler = lifecycle[name];
      return handler === undefined ? [] : handlerErrors(`${field}.lifecycle.${name}`, handler);
    }),
    ...PROBES.flatMap((name) => {
      const probe = container[name];
      return probe === undefined ? [] : probeErrors(`${field}.${name}`, probe, name);
    }),
  ];
}

/** Of init containers that end. */
export function noProbesErrors(field: string, container: Container): readonly FieldError[] {
  return (['lifecycle', ...PROBES] as const)
    .filter((name) => container[name] !== undefined)
    .map((name) =>
      forbidden(`${field}.${name}`, 'may not be set for init containers without restartPolicy=Always'),
    );
}

function probeErrors(field: string, probe: Probe, name: (typeof PROBES)[number]): readonly FieldError[] {
  const { successThreshold = 0, terminationGracePeriodSeconds: grace } = probe;
  const errors = [...handlerErrors(field, probe)];
  for (const count of COUNTS) {
    const { [count]: value = 0 } = probe;
    if (value < 0) errors.push(invalid(`${field}.${count}`, value, 'must be greater than or equal to 0'));
  }
  const graceField = `${field}.terminationGracePeriodSeconds`;
  if (grace !== undefined && grace <= 0) errors.push(invalid(graceField, grace, 'must be greater than 0'));
  if (name === 'readinessProbe') {
    if (grace !== undefined) errors.push(invalid(graceField, grace, 'must not be set for readinessProbes'));
  } else if (successThreshold !== 1) {
    errors.push(invalid(`${field}.successThreshold`, successThreshold, 'must be 1'));
  }
  return errors;
}

/** Exactly one; those after the first are refused. */
function handlerErrors(field: string, handler: Handler): readonly FieldError[] {
  const { exec, httpGet, tcpSocket, grpc } = handler;
  const checks: readonly (readonly [string, readonly FieldError[] | undefined])[] = [
    ['exec', exec && ((exec.command ?? []).length === 0 ? [required(`${field}.exec.command`)] : [])],
    ['httpGet', httpGet && httpErrors(`${field}.httpGet`, httpGet)],
    ['tcpSocket', tcpSocket && portErrors(`${field}.tcpSocket.port`, tcpSocket.port)],
    ['grpc', grpc && portErrors(`${field}.grpc.port`, grpc.port)],
    ['sleep', handler.sleep && []],
  ];
  const given = checks.filter(([, errors]) => errors !== undefined);
  if (given.length === 0) return [required(field, 'must specify a handler type')];
  return given.flatMap(([name, errors], i) => {
    return i === 0
      ? (errors ?? [])
      : [forbidden(`${field}.${name}`, 'may not specify more than 1 handler type')];
  });
}

function httpErrors(field: string, action: Messages['core.v1.HTTPGetAction']): readonly FieldError[] {
  const { path = '', scheme = '', port, httpHeaders = [] } = action;
  return [
    ...(path === '' ? [required(`${field}.path`)] : []),
    ...portErrors(`${field}.port`, port),
    ...(SCHEMES.includes(scheme) ? [] : [notSupported(`${field}.scheme`, scheme, SCHEMES)]),
    ...httpHeaders
      .map(({ name = '' }) => name)
      .filter((name) => !/^[-A-Za-z0-9]+$/.test(name))
      .map((name) => invalid(`${field}.httpHeaders`, name, NO_HEADER)),
  ];
}

const NO_HEADER =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

function portErrors(field: string, port: string | number | undefined): readonly FieldError[] {
  const value = port ?? 0;
  return invalidEach(field, value, typeof value === 'string' ? whyNoPortName(value) : whyNoPort(value));
}
