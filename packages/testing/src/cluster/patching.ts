/** Objects, patches of them, and how those are refused: for tests of patches. */
import { canonicalForm } from 'menwei/cluster/schema/canonical-form.ts';
import { type ApiObject, apiVersionOf } from 'menwei/cluster/schema/object.ts';
import { applyPatch, type PatchRequest, type PatchType } from 'menwei/cluster/schema/patch/apply-patch.ts';
import { StatusError } from 'menwei/cluster/schema/status-error.ts';

const SERVICE = { group: '', version: 'v1', kind: 'Service', message: 'core.v1.Service' } as const;
export const POD = { group: '', version: 'v1', kind: 'Pod', message: 'core.v1.Pod' } as const;
export const DEPLOYMENT = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  message: 'apps.v1.Deployment',
} as const;

/** In canonical form, with the name `p` unless it has metadata. */
export const object = (expected: PatchRequest['expected'], rest: object): ApiObject => {
  const { kind } = expected;
  return canonicalForm(expected.message, {
    kind,
    apiVersion: apiVersionOf(expected),
    metadata: { name: 'p' },
    ...rest,
  });
};

export const service = (spec: object, metadata: object = { name: 'p' }) =>
  object(SERVICE, { spec, metadata });

/** @param body what is no text is sent as JSON */
export function patch(
  type: PatchType,
  current: ApiObject,
  body: unknown,
  fieldValidation: PatchRequest['fieldValidation'] = 'Warn',
) {
  const expected = [SERVICE, POD, DEPLOYMENT].find(({ kind }) => kind === current.kind) ?? SERVICE;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return applyPatch({ expected, type, body: Buffer.from(text), fieldValidation }, current);
}

/** What comes out of it, as JSON. */
export const patched = (type: PatchType, current: ApiObject, body: unknown) =>
  JSON.parse(JSON.stringify(patch(type, current, body).object));

/** The Status by which something is refused. */
export function refusal(work: () => unknown) {
  try {
    work();
  } catch (error) {
    if (error instanceof StatusError) return error.status;
    throw error;
  }
  throw new Error('it was taken');
}

/** A Status of a refusal, to compare with. */
export const status = (code: number, reason: string, message: string, details?: object) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason,
  ...(details === undefined ? {} : { details }),
  code,
});

export const REJECTED = status(
  422,
  'Invalid',
  'the server rejected our request due to an error in our request',
  {},
);

export const WEB = service({
  ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
  selector: { app: 'web' },
  type: 'ClusterIP',
});
