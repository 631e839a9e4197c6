/** The kernel's connection tracking: which entries it has, and deleting some of them. */
export { type FlowFilter, formatFilter, matchesFilter } from './filter.ts';
export { type Flow, type FlowEnd, type FlowProtocol, isSameEnd } from './flow.ts';
export { type FlowPredicate, FlowTable } from './flow-table.ts';
export { type FlowSocket, openFlowSocket } from './socket.ts';
