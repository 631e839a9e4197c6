import { describeGrantedCapabilities } from './granted-capabilities.ts';

describeGrantedCapabilities(['ipvs']);
