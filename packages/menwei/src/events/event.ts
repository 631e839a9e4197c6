/** What an operator is to find at an object of the cluster: a Kubernetes Event before it is one. */

/** The object that an event is about. */
export interface EventSubject {
  readonly kind: 'Node' | 'Service';
  /** Empty for a Node. */
  readonly namespace: string;
  readonly name: string;
  /** Empty when unknown; `kubectl describe` finds only those that have it. */
  readonly uid: string;
}

/** Something that happened to an object, or was found out about it. */
export interface ClusterEvent {
  readonly subject: EventSubject;
  readonly type: 'Normal' | 'Warning';
  /** For programs: `FailedToStartMetricServer`. */
  readonly reason: string;
  /** What was done or tried: `StartKubeProxy`. */
  readonly action: string;
  /** For people. What is longer than 1 KiB is cut. */
  readonly note: string;
  /** Every node finds the same, and one of them is enough to tell it. */
  readonly isSameOnAllNodes?: boolean;
  /** With another note it is another event: what was said before is no longer so. */
  readonly isTellingByNote?: boolean;
}

/** For whoever has something to tell. */
export interface EventRecorder {
  /** Never fails, and waits for nobody. What comes too often, or in too large a number, is not told. */
  record(event: ClusterEvent): void;
}

/** As kube-proxy has it, and `kubectl describe node` looks for it: a Node's events have its name for a uid. */
export function nodeSubject(nodeName: string): EventSubject {
  return { kind: 'Node', namespace: '', name: nodeName, uid: nodeName };
}

/** Two events of one kind about one object are one event that has happened twice. */
export function eventKind({ subject, type, reason, action, note, isTellingByNote }: ClusterEvent): string {
  const { kind, namespace, name, uid } = subject;
  return [kind, namespace, name, uid, type, reason, action, isTellingByNote ? note : ''].join('\n');
}

/** For messages: `Service default/web` */
export function formatSubject({ kind, namespace, name }: EventSubject): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}
