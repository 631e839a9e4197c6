/** Labels and annotations that the controllers of endpoints set and read. */

export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
export const HEADLESS_LABEL = 'service.kubernetes.io/headless';
export const SKIP_MIRROR_LABEL = 'endpointslice.kubernetes.io/skip-mirror';
export const ENDPOINTS_MANAGED_BY_LABEL = 'endpoints.kubernetes.io/managed-by';
export const ZONE_LABEL = 'topology.kubernetes.io/zone';

export const TRIGGER_TIME_ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time';
export const OVER_CAPACITY_ANNOTATION = 'endpoints.kubernetes.io/over-capacity';

export const SLICE_MANAGER = 'endpointslice-controller.k8s.io';
export const MIRROR_MANAGER = 'endpointslicemirroring-controller.k8s.io';
export const ENDPOINTS_MANAGER = 'endpoint-controller';
