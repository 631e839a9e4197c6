/** Init containers that go on beside the containers. */
import type { Messages } from '../../schema/messages.ts';

type Container = Messages['core.v1.Container'];

/** @param container an init container */
export function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === 'Always';
}

export function sidecarsOf({ initContainers = [] }: Messages['core.v1.PodSpec']): readonly Container[] {
  return initContainers.filter(isSidecar);
}
