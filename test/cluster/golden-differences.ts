/** Where we answer something else than the reference, and why: CQ-n is a known quirk of it (docs/reference/cluster.md). */
import type { Difference, GoldenRow } from './golden-rows.ts';

type Change = (row: GoldenRow) => Partial<GoldenRow>;

function because(why: string, change: Change): Difference {
  return { why, change };
}

const asBadRequest: Change = ({ body }) => {
  const { code: _, details, ...status } = recordOf(body);
  const after = details === undefined ? {} : { details };
  return { status: 400, body: { ...status, reason: 'BadRequest', ...after, code: 400 } };
};

const withText =
  (from: string, to: string): Change =>
  ({ body }) => ({ body: JSON.parse(JSON.stringify(body).replaceAll(from, to)) });

const unnamed: Change = ({ body }) => {
  const message = 'Required value: name or generateName is required';
  const field = 'metadata.name';
  return {
    body: {
      ...recordOf(body),
      message: `Service "" is invalid: ${field}: ${message}`,
      details: { kind: 'Service', causes: [{ reason: 'FieldValueRequired', message, field }] },
    },
  };
};

const WRONG_REQUEST = 'CQ-6: what the client did wrong is no error of the server';
const NO_PROTOBUF_ANSWERS = 'protobuf is taken in bodies and not given in answers (cluster § 3.1)';
const NO_NAME = 'CQ-5: the name that is missing is told';
const withoutProtobuf = withText(', application/vnd.kubernetes.protobuf', '');

/** By the title of the row. */
export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  'no kind': because(NO_NAME, unnamed),
  'no name': because(NO_NAME, unnamed),
  'resourceVersion on create': because(WRONG_REQUEST, asBadRequest),
  'strategic unknown directive': because(WRONG_REQUEST, asBadRequest),
  'strategic without merge key': because(WRONG_REQUEST, asBadRequest),
  'watch bad rv': because('CQ-8: what the client did wrong is no error of the server', asBadRequest),
  '406': because(NO_PROTOBUF_ANSWERS, withoutProtobuf),
  'Table of a review': because(NO_PROTOBUF_ANSWERS, withoutProtobuf),
  'Table of an unknown version': because(NO_PROTOBUF_ANSWERS, withoutProtobuf),
  'kubernetes slice': because(
    'the rows before had changed it twice',
    withText('"generation":3', '"generation":1'),
  ),
  'put wrong uid': because('no text of the store is told to clients (cluster § 7.2)', ({ body }) => ({
    body: JSON.parse(JSON.stringify(body).replace(/StorageError: .* AdditionalErrorMsg: /, '')),
  })),
};

export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
