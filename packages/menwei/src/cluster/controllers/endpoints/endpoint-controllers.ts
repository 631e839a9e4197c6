/** The EndpointSlice and Endpoints controllers: two queues over one view of Services, pods and Nodes. */
import type { Component } from '../../../agent/component.ts';
import { untilAborted } from '../../../scheduling/pause.ts';
import { type ControllerContext, controllerComponent, DEFAULT_TIMING, loggingQueue } from '../controller.ts';
import { EndpointsController } from './endpoints-controller.ts';
import { SELECTION_RESOURCES, Selection } from './selection.ts';
import { SLICE_TIMING, SliceController } from './slice-controller.ts';

interface EndpointControllersOptions {
  /** Endpoints that a slice may have. */
  readonly maxEndpointsPerSlice: number;
  /** Keep Endpoints objects, too. */
  readonly legacyEndpoints: boolean;
}

const NAME = 'endpoint-controllers';

export function endpointControllers(
  context: ControllerContext,
  { maxEndpointsPerSlice: capacity, legacyEndpoints }: EndpointControllersOptions,
): Component {
  return controllerComponent(NAME, context, () => {
    const selection = new Selection();
    const sliceQueue = loggingQueue('endpoint-slice-controller', context, SLICE_TIMING);
    const slices = new SliceController({ context, queue: sliceQueue, selection, capacity });
    const endpointsQueue = loggingQueue('endpoint-controller', context, DEFAULT_TIMING);
    const endpoints = new EndpointsController(context, endpointsQueue, selection, legacyEndpoints);
    selection.tell(slices);
    if (legacyEndpoints) selection.tell(endpoints);
    return {
      resources: [...SELECTION_RESOURCES, 'endpointslices', 'endpoints'],
      digest: (change, wasThere) => {
        selection.digest(change);
        if (!wasThere) slices.digest(change);
        endpoints.digest(change, wasThere);
      },
      queues: [
        { queue: sliceQueue, work: (key) => slices.work(key) },
        { queue: endpointsQueue, work: (key) => endpoints.work(key) },
      ],
      meanwhile: async (signal) => {
        await untilAborted(signal);
        slices.stop();
        endpoints.stop();
      },
    };
  });
}
