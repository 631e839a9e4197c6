import { describe, expect, it } from 'vitest';
import { formatErrorBody } from '../../schema/field-error.ts';
import type { Messages } from '../../schema/messages.ts';
import { POD_RULES } from './rules.ts';

type Pod = Messages['core.v1.Pod'];
type PodSpec = Messages['core.v1.PodSpec'];
type PodStatus = Messages['core.v1.PodStatus'];

const CONTAINER = { name: 'c', image: 'web:1' };

function given(spec: PodSpec = {}, status?: PodStatus): Pod {
  const metadata = { name: 'p', namespace: 'default' };
  const pod = { kind: 'Pod', apiVersion: 'v1', metadata, spec: { containers: [CONTAINER], ...spec } };
  return status === undefined ? pod : { ...pod, status };
}

/** As a create leaves it. */
function created(spec: PodSpec = {}): Pod {
  const pod = POD_RULES.defaults(given(spec));
  return POD_RULES.prepareForCreate?.(pod, 0) ?? pod;
}

function texts(errors: ReturnType<typeof POD_RULES.validate> | undefined): readonly string[] {
  return (errors ?? []).map((error) => `${error.field}: ${formatErrorBody(error)}`);
}

function updateErrors(spec: PodSpec, old: Pod): readonly string[] {
  const next = POD_RULES.defaults({ ...old, spec: { ...old.spec, ...spec } });
  const prepared = POD_RULES.prepareForUpdate?.(next, old) ?? next;
  return texts([...POD_RULES.validate(prepared, old), ...(POD_RULES.validateUpdate?.(prepared, old) ?? [])]);
}

function statusErrors(status: PodStatus, old: Pod): readonly string[] {
  const next = given({}, status);
  const prepared = POD_RULES.defaults(POD_RULES.prepareForStatusUpdate?.(next, old) ?? next);
  return texts(POD_RULES.validateStatusUpdate?.(prepared, old));
}

describe('defaults of a pod', () => {
  it.each([
    ['web', 'Always'],
    ['web:latest', 'Always'],
    ['registry:5000/web', 'Always'],
    ['registry:5000/web:1', 'IfNotPresent'],
    ['web@sha256:abc', 'IfNotPresent'],
  ])('image %s is pulled %s', (image, policy) => {
    const { spec } = created({ containers: [{ name: 'c', image }] });
    expect(spec?.containers?.[0]?.imagePullPolicy).toBe(policy);
  });

  it('on the host network, a port is one of the host', () => {
    const containers = [{ ...CONTAINER, ports: [{ containerPort: 80 }] }];
    const pod = created({ hostNetwork: true, containers });
    expect(pod.spec?.containers?.[0]?.ports).toEqual([{ containerPort: 80, hostPort: 80, protocol: 'TCP' }]);
    expect(texts(POD_RULES.validate(pod))).toEqual([]);
  });

  it('take a singular field for right', () => {
    const status = { podIP: '10.0.0.2', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] };
    expect(POD_RULES.defaults(given({}, status)).status?.podIPs).toEqual([{ ip: '10.0.0.2' }]);
    const plural = POD_RULES.defaults(given({}, { podIPs: [{ ip: '10.0.0.1' }] }));
    expect(plural.status?.podIP).toBe('10.0.0.1');
    expect(created({ serviceAccount: 'a' }).spec?.serviceAccountName).toBe('a');
    expect(created({ terminationGracePeriodSeconds: -5 }).spec?.terminationGracePeriodSeconds).toBe(1);
  });

  it('change nothing the second time', () => {
    const pod = created({ containers: [{ ...CONTAINER, livenessProbe: { httpGet: { port: 80 } } }] });
    expect(POD_RULES.defaults(pod)).toEqual(pod);
  });

  it.each<[string, object]>([
    ['BestEffort', {}],
    ['Guaranteed', { limits: { cpu: '1', memory: '1Gi' } }],
    ['Guaranteed', { limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: '0.5', memory: '1024Mi' } }],
    ['Burstable', { limits: { cpu: '1' } }],
    ['Burstable', { requests: { memory: '1' }, limits: { cpu: '1', memory: '2' } }],
  ])('%s by resources %j', (qosClass, resources) => {
    expect(created({ containers: [{ ...CONTAINER, resources }] }).status).toEqual({
      phase: 'Pending',
      qosClass,
    });
  });

  it('keep tolerations that say it otherwise', () => {
    const all = [{ operator: 'Exists' }];
    expect(created({ tolerations: all }).spec?.tolerations).toEqual(all);
  });
});

describe('an update of a pod', () => {
  it('may change images, shorten the deadline and add tolerations', () => {
    const old = created({ activeDeadlineSeconds: 10 });
    const tolerations = [...(old.spec?.tolerations ?? []), { key: 'a', operator: 'Exists' }];
    const containers = [{ ...old.spec?.containers?.[0], image: 'web:2' }];
    expect(updateErrors({ containers, tolerations, activeDeadlineSeconds: 5 }, old)).toEqual([]);
  });

  it('may change nothing else', () => {
    const old = created({ activeDeadlineSeconds: 10 });
    expect(updateErrors({ nodeName: 'n', subdomain: 'h' }, old)).toEqual([
      expect.stringMatching(
        /^spec: Forbidden: pod updates may not change fields other than `spec\.containers\[\*\]\.image`,.*\nchanged: spec\.nodeName, spec\.subdomain$/s,
      ),
    ]);
    expect(updateErrors({ activeDeadlineSeconds: 11 }, old)).toEqual([
      'spec.activeDeadlineSeconds: Invalid value: 11: must be less than or equal to previous value',
    ]);
    const tolerating = created({ tolerations: [{ key: 'a', operator: 'Exists' }] });
    expect(updateErrors({ tolerations: [] }, tolerating)).toEqual([
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    ]);
    const two = [CONTAINER, { name: 'd', image: 'web' }];
    expect(updateErrors({ containers: two }, old)).toEqual([
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    ]);
  });

  it('may leave out what is not set or zero', () => {
    const old = created();
    expect(updateErrors({ hostPID: false, nodeName: '', initContainers: [] }, old)).toEqual([]);
  });
});

describe('the status of a pod', () => {
  const old = created({ restartPolicy: 'Never' });

  it('is taken, and nothing else with it', () => {
    const next = given({ nodeName: 'other' }, { phase: 'Running' });
    const prepared = POD_RULES.prepareForStatusUpdate?.(next, old);
    expect(prepared?.spec).toEqual(old.spec);
    expect(prepared?.status).toEqual({ phase: 'Running', qosClass: 'BestEffort' });
  });

  it.each<[object, readonly string[]]>([
    [{ podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] }, []],
    [
      { podIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] },
      [
        'status.podIPs: Invalid value: [{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}]: may specify no more than one IP for each IP family',
      ],
    ],
    [
      { podIP: 'x' },
      ['status.podIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    ],
    [{ qosClass: 'Guaranteed' }, ['status.qosClass: Invalid value: "Guaranteed": field is immutable']],
    [
      { hostIP: '192.0.2.1', hostIPs: [{ ip: '192.0.2.2' }] },
      ['status.hostIPs[0].ip: Invalid value: "192.0.2.2": must be equal to `hostIP`'],
    ],
    [{ conditions: [{ type: 'Ready', status: 'True' }, { type: 'example.com/gate' }] }, []],
  ])('%j', (status, errors) => {
    expect(statusErrors(status, old)).toEqual(errors);
  });

  it('does not bring back a container that has ended for good', () => {
    const ended = [{ name: 'c', state: { terminated: { exitCode: 1 } } }];
    const running = { containerStatuses: [{ name: 'c', state: { running: {} } }] };
    const withEnded = (restartPolicy: string) => {
      const pod = created({ restartPolicy });
      return { ...pod, status: { ...pod.status, containerStatuses: ended } };
    };
    expect(statusErrors(running, withEnded('Never'))).toEqual([
      'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state',
    ]);
    expect(statusErrors(running, withEnded('OnFailure'))).toEqual([]);
    expect(statusErrors(running, withEnded('Always'))).toEqual([]);
  });
});

describe('containers', () => {
  const withPorts = (...ports: readonly object[]) => ({ containers: [{ ...CONTAINER, ports }] });

  it.each<[PodSpec, readonly string[]]>([
    [
      { containers: [{ ...CONTAINER, name: 'a.b' }] },
      ['spec.containers[0].name: Invalid value: "a.b": must not contain dots'],
    ],
    [
      withPorts({ name: 'a', containerPort: 1 }, { name: 'a', containerPort: 2 }),
      ['spec.containers[0].ports[1].name: Duplicate value: "a"'],
    ],
    [
      withPorts({ containerPort: 1, hostPort: 9 }, { containerPort: 2, hostPort: 9 }),
      ['spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//9"'],
    ],
    [
      { initContainers: [{ ...CONTAINER, readinessProbe: { tcpSocket: { port: 1 } } }] },
      [
        'spec.initContainers[0].name: Duplicate value: "c"',
        'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
      ],
    ],
    [
      { containers: [{ ...CONTAINER, readinessProbe: { httpGet: { port: 'no port' }, periodSeconds: -1 } }] },
      [
        'spec.containers[0].readinessProbe.httpGet.port: Invalid value: "no port": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
        'spec.containers[0].readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0',
      ],
    ],
    [
      { tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }, { operator: 'Exists' }] },
      [`spec.tolerations[0].operator: Invalid value: "b": value must be empty when \`operator\` is 'Exists'`],
    ],
    [{ hostname: 'a.b' }, ['spec.hostname: Invalid value: "a.b": must not contain dots']],
  ])('%j', (spec, errors) => {
    expect(texts(POD_RULES.validate(created(spec)))).toEqual(errors);
  });
});
