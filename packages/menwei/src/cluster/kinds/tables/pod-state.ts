/** What a pod does, in one word: the first container that has something to say decides, init containers first. */
import type { Messages } from '../../schema/messages.ts';
import { sidecarsOf } from '../pod/sidecars.ts';

type Pod = Messages['core.v1.Pod'];
type ContainerStatus = Messages['core.v1.ContainerStatus'];

interface PodState {
  readonly text: string;
  readonly readyCount: number;
  readonly totalCount: number;
  readonly restarts: number;
  /** RFC 3339; undefined if there was none. */
  readonly lastRestart: string | undefined;
}

export function summarize(pod: Pod): PodState {
  const { spec = {}, status = {} } = pod;
  const sidecars = new Set(sidecarsOf(spec).map(({ name }) => name));
  const inits = status.initContainerStatuses ?? [];
  const isSidecar = ({ name }: ContainerStatus) => sidecars.has(name);
  const initText = formatInit(inits, sidecars, (spec.initContainers ?? []).length);
  const isStarting = initText !== undefined && !hasCondition(pod, 'Initialized');
  const containers = isStarting ? [] : (status.containerStatuses ?? []);
  // Those after the one that holds the others up have nothing to say yet.
  const visited = initText === undefined ? inits : inits.slice(0, initText.position + 1);
  const counted = [...(isStarting ? visited : visited.filter(isSidecar)), ...containers];
  const ready = [
    ...visited.filter((container) => isSidecar(container) && container.started === true && container.ready),
    ...containers.filter((container) => isRunningReady(container)),
  ];
  const before = initText?.text ?? phaseText(pod);
  return {
    text: endText(pod, isStarting ? before : containersText(pod, containers, before)),
    readyCount: ready.length,
    totalCount: (spec.containers ?? []).length + sidecars.size,
    restarts: counted.reduce((sum, { restartCount = 0 }) => sum + restartCount, 0),
    lastRestart: latest(counted.map(({ lastState }) => lastState?.terminated?.finishedAt)),
  };
}

function phaseText({ status = {} }: Pod): string {
  const isGated = (status.conditions ?? []).some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  );
  return isGated ? 'SchedulingGated' : status.reason || (status.phase ?? '');
}

/** Of the first init container that holds the others up, and its position; undefined: none does. */
function formatInit(
  inits: readonly ContainerStatus[],
  sidecars: ReadonlySet<string | undefined>,
  total: number,
): { readonly text: string; readonly position: number } | undefined {
  const position = inits.findIndex(({ name, state, started }) => {
    const isDone = state?.terminated !== undefined && (state.terminated.exitCode ?? 0) === 0;
    return !isDone && !(sidecars.has(name) && started === true);
  });
  const { state = {} } = inits[position] ?? {};
  if (position < 0) return undefined;
  if (state.terminated !== undefined) return { text: `Init:${formatEnd(state.terminated)}`, position };
  const waiting = state.waiting?.reason ?? '';
  const isPlain = waiting === '' || waiting === 'PodInitializing';
  return { text: isPlain ? `Init:${position}/${total}` : `Init:${waiting}`, position };
}

function formatEnd({ reason, signal, exitCode }: Messages['core.v1.ContainerStateTerminated']): string {
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`);
}

/** From the last container to the first: the first has the last word. */
function containersText(pod: Pod, containers: readonly ContainerStatus[], before: string): string {
  let text = before;
  let failure: string | undefined;
  for (const { state = {} } of containers.toReversed()) {
    const { waiting, terminated } = state;
    if (waiting?.reason) text = waiting.reason;
    else if (terminated !== undefined) {
      text = formatEnd(terminated);
      if ((terminated.exitCode ?? 0) !== 0) failure = text;
    }
  }
  if (text !== 'Completed') return text;
  const isRunning = containers.some(isRunningReady);
  if (isRunning && hasCondition(pod, 'Ready')) return 'Running';
  return failure ?? (isRunning ? 'NotReady' : text);
}

function endText({ metadata, status = {} }: Pod, text: string): string {
  if (metadata.deletionTimestamp === undefined) return text;
  if (status.reason === 'NodeLost') return 'Unknown';
  return status.phase === 'Succeeded' || status.phase === 'Failed' ? text : 'Terminating';
}

/** One that waits or has ended does not run, whatever else it says. */
function isRunningReady({ state = {}, ready }: ContainerStatus): boolean {
  const isWaiting = (state.waiting?.reason ?? '') !== '';
  return !isWaiting && state.terminated === undefined && ready === true && state.running !== undefined;
}

function hasCondition({ status }: Pod, wanted: string): boolean {
  return (status?.conditions ?? []).some(({ type, status: value }) => type === wanted && value === 'True');
}

function latest(times: readonly (string | null | undefined)[]): string | undefined {
  return times
    .filter((time) => typeof time === 'string' && time !== '')
    .reduce<string | undefined>(
      (last, time) => (time && (last === undefined || Date.parse(time) > Date.parse(last)) ? time : last),
      undefined,
    );
}
