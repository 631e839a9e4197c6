/** What a DELETE asks for, by its body or its query (cluster § 7.4). Pure. */
import type { DeleteOptions } from '../registry/registry.ts';
import { type FieldError, invalid, notSupportedInOrder } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import { parseInteger } from './list-options.ts';
import { isTrue } from './request-info.ts';
import { checkDryRun, refuse } from './write-options.ts';

const POLICIES = ['Foreground', 'Background', 'Orphan'] as const;

/**
 * @param body what it says goes before the query
 * @throws StatusError 400 or 422
 */
export function readDeleteOptions(
  query: URLSearchParams,
  body: Partial<Messages['meta.DeleteOptions']>,
): DeleteOptions {
  const grace = body.gracePeriodSeconds ?? parseInteger(query.get('gracePeriodSeconds'));
  const policy = body.propagationPolicy ?? query.get('propagationPolicy') ?? undefined;
  const orphans =
    body.orphanDependents ??
    (query.has('orphanDependents') ? isTrue(query.get('orphanDependents')) : undefined);
  const dryRun = body.dryRun ?? query.getAll('dryRun');
  const errors: FieldError[] = [];
  const propagationPolicy = POLICIES.find((each) => each === policy);
  if (policy !== undefined && propagationPolicy === undefined) {
    // With the reference's word for nothing.
    errors.push(notSupportedInOrder('propagationPolicy', policy, [...POLICIES, 'nil']));
  }
  if (policy !== undefined && orphans !== undefined) {
    errors.push(
      invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  }
  refuse('DeleteOptions', [...errors, ...checkDryRun(dryRun)]);
  const chosen = propagationPolicy ?? (orphans === undefined ? undefined : orphans ? 'Orphan' : 'Background');
  const { uid, resourceVersion } = body.preconditions ?? {};
  return {
    ...(dryRun.length > 0 ? { isDryRun: true } : {}),
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(chosen === undefined ? {} : { propagationPolicy: chosen }),
    ...(uid === undefined && resourceVersion === undefined
      ? {}
      : {
          preconditions: {
            ...(uid === undefined ? {} : { uid }),
            ...(resourceVersion === undefined ? {} : { resourceVersion }),
          },
        }),
  };
}
