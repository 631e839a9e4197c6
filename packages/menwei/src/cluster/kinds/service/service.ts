/** The rules of Services (cluster § 9.1-9.4). */
import type { KindRules } from '../kind-rules.ts';
import { whyNoDnsLabel } from '../syntax.ts';
import { SERVICE_TABLE } from '../tables/service.ts';
import { defaultService } from './defaults.ts';
import { type Service, specOf } from './fields.ts';
import { prepareServiceForCreate, prepareServiceForUpdate, prepareServiceStatus } from './prepare.ts';
import { serviceStatusErrors } from './status.ts';
import { serviceErrors } from './validation.ts';
import { serviceWarnings } from './warnings.ts';

export const SERVICE_RULES: KindRules<Service> = {
  defaults: defaultService,
  createsOnUpdate: true,
  prepareForCreate: prepareServiceForCreate,
  prepareForUpdate: prepareServiceForUpdate,
  prepareForStatusUpdate: prepareServiceStatus,
  validate: serviceErrors,
  validateStatusUpdate: serviceStatusErrors,
  validateName: whyNoDnsLabel,
  warnings: serviceWarnings,
  fieldNames: ['spec.clusterIP', 'spec.type'],
  selectableFields: (service) => {
    const { clusterIP = '', type = '' } = specOf(service);
    return { 'spec.clusterIP': clusterIP, 'spec.type': type };
  },
  table: SERVICE_TABLE,
};
