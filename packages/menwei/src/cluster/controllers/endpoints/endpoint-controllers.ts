/** The EndpointSlice and Endpoints controllers: two queues over one view of Services, pods and Nodes. */
import type { Component } from '../../../agent/component.ts';
import { untilAborted } from '../../../scheduling/pause.ts';
import { type ControllerContext, controllerComponent, loggingQueue } from '../controller.ts';
import { SELECTION_RESOURCES, Selection } from './selection.ts';
import { SLICE_TIMING, SliceController } from './slice-controller.ts';

export interface EndpointControllersOptions {
  /** Endpoints that a slice may have. */
  readonly maxEndpointsPerSlice: number;
}

const NAME = 'endpoint-controllers';

export function endpointControllers(
  context: ControllerContext,
  { maxEndpointsPerSlice }: EndpointControllersOptions,
): Component {
  return controllerComponent(NAME, context.store, () => {
    const queue = loggingQueue('endpoint-slice-controller', context.logger, SLICE_TIMING);
    const selection = new Selection();
    const slices = new SliceController({ context, queue, selection, capacity: maxEndpointsPerSlice });
    selection.tell(slices);
    return {
      resources: [...SELECTION_RESOURCES, 'endpointslices'],
      digest: (change, wasThere) => {
        selection.digest(change);
        if (!wasThere) slices.digest(change);
      },
      queues: [{ queue, work: (key) => slices.work(key) }],
      meanwhile: async (signal) => {
        await untilAborted(signal);
        slices.stop();
      },
    };
  });
}
