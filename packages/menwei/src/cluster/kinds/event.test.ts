import { describe, expect, it } from 'vitest';
import { canonicalForm } from '../schema/canonical-form.ts';
import { formatErrorBody } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import { EVENT_RULES, NEW_EVENT_RULES } from './event.ts';
import { toCoreEvent, toNewEvent } from './event-shapes.ts';

type Event = Messages['core.v1.Event'];

const NEW: Messages['events.v1.Event'] = {
  kind: 'Event',
  apiVersion: 'events.k8s.io/v1',
  metadata: { name: 'e', namespace: 'tab' },
  eventTime: '2026-11-30T05:41:36.123456Z',
  reportingController: 'example.com/c',
  reportingInstance: 'i',
  action: 'Do',
  reason: 'R',
  regarding: { kind: 'Pod', namespace: 'tab', name: 'p' },
  note: 'text',
  type: 'Normal',
};

function texts(errors: ReturnType<typeof EVENT_RULES.validate> | undefined): readonly string[] {
  return (errors ?? []).map((error) => `${error.field}: ${formatErrorBody(error)}`);
}

describe('an Event', () => {
  it('is the same in both shapes', () => {
    const core = toCoreEvent(NEW);
    expect(core).toEqual({
      kind: 'Event',
      apiVersion: 'v1',
      metadata: NEW.metadata,
      involvedObject: NEW.regarding,
      reason: 'R',
      message: 'text',
      type: 'Normal',
      eventTime: NEW.eventTime,
      action: 'Do',
      reportingComponent: 'example.com/c',
      reportingInstance: 'i',
    });
    const kept = canonicalForm('core.v1.Event', core);
    expect(toNewEvent(core)).toEqual(NEW);
    expect(toCoreEvent(toNewEvent(kept))).toEqual(kept);
  });

  it('in the new shape says when, who and what', () => {
    expect(texts(NEW_EVENT_RULES.validate(toCoreEvent(NEW)))).toEqual([]);
    const bare = { ...toCoreEvent(NEW), eventTime: null, type: 'Odd', count: 2 };
    expect(texts(NEW_EVENT_RULES.validate(bare))).toEqual([
      'eventTime: Required value',
      'type: Invalid value: "": has invalid value: Odd',
      'count: Invalid value: "": needs to be unset',
    ]);
    const { reportingComponent: _, action: __, ...nameless } = toCoreEvent(NEW);
    expect(texts(NEW_EVENT_RULES.validate({ ...nameless, message: 'x'.repeat(1025) }))).toEqual([
      'reportingController: Required value',
      'reportingController: Invalid value: "": name part must be non-empty',
      expect.stringMatching(/^reportingController: Invalid value: "": name part must consist of/),
      'action: Required value',
      'message: Invalid value: "": can have at most 1024 characters',
    ]);
  });

  it('in the new shape changes its series only', () => {
    const old = toCoreEvent(NEW);
    const series = { count: 2, lastObservedTime: '2026-11-30T05:42:36.000000Z' };
    expect(texts(NEW_EVENT_RULES.validateUpdate?.({ ...old, series }, old))).toEqual([]);
    expect(
      texts(NEW_EVENT_RULES.validateUpdate?.({ ...old, message: 'other', series: { count: 1 } }, old)),
    ).toEqual([
      'series.count: Invalid value: "": should be at least 2',
      'series.lastObservedTime: Required value',
      'message: Invalid value: "other": field is immutable',
    ]);
    expect(EVENT_RULES.validateUpdate).toBeUndefined();
  });

  it.each<[string, string | undefined, string | undefined, boolean]>([
    ['tab', 'tab', undefined, true],
    ['tab', 'other', undefined, false],
    ['tab', undefined, undefined, false],
    ['default', undefined, undefined, true],
    ['kube-system', undefined, undefined, false],
    ['kube-system', undefined, NEW.eventTime ?? '', true],
    ['tab', 'other', NEW.eventTime ?? '', true],
  ])('in namespace %s about one in %s, eventTime %s: %s', (namespace, about, eventTime, isRight) => {
    const event: Event = {
      ...toCoreEvent(NEW),
      metadata: { name: 'e', namespace },
      involvedObject: { kind: 'Pod', ...(about === undefined ? {} : { namespace: about }) },
      eventTime: eventTime ?? null,
    };
    const expected = `involvedObject.namespace: Invalid value: ${JSON.stringify(about ?? '')}: does not match event.namespace`;
    expect(texts(EVENT_RULES.validate(event))).toEqual(isRight ? [] : [expected]);
  });

  it('has the name of what it is about in v1, and a DNS name in the newer group', () => {
    expect(EVENT_RULES.validateName?.('fd00::1.18ecbc13b6168b79')).toEqual([]);
    expect(EVENT_RULES.validateName?.('a/b')).toEqual(["may not contain '/'"]);
    expect(NEW_EVENT_RULES.validateName?.('fd00::1.18ecbc13b6168b79')).toHaveLength(1);
  });

  it('is selected by what it is about', () => {
    expect(EVENT_RULES.selectableFields?.(toCoreEvent(NEW))).toMatchObject({
      'involvedObject.kind': 'Pod',
      'involvedObject.uid': '',
      source: 'example.com/c',
      reportingComponent: 'example.com/c',
    });
  });
});
