/** What a zone says to a question, in words. Only tests import this file. */
import { type Answer as DecodedRecord, decode } from 'dns-packet';
import type { RecordList } from 'menwei/dns/wire/answer.ts';
import { encodeName } from 'menwei/dns/wire/name.ts';
import { RCODE, TYPE } from 'menwei/dns/wire/question.ts';
import type { Zone } from 'menwei/dns/zone/zone.ts';

/** Everything but the TTLs; empty sections are left out, but that of answers. */
export function ask(zone: Zone, type: keyof typeof TYPE, name: string): unknown {
  const found = zone.lookup({ name, type: TYPE[type], class: 1 });
  if (found === undefined) return 'not ours';
  if ('target' in found) return { alias: found.target, answers: texts(name, found.cname) };
  return {
    rcode: Object.entries(RCODE).find(([, code]) => code === found.rcode)?.[0],
    answers: texts(name, found.answer),
    ...(found.authority.offsets.length > 1 && { authority: texts(name, found.authority) }),
    ...(found.additional.offsets.length > 1 && { additional: texts(name, found.additional) }),
  };
}

/** As somebody else's decoder reads them behind their question. */
function texts(name: string, { bytes, offsets }: RecordList): readonly string[] {
  const question = Buffer.concat([encodeName(name) ?? Buffer.alloc(0), Buffer.from([0, 1, 0, 1])]);
  const header = Buffer.from([0, 0, 0x80, 0, 0, 1, 0, offsets.length - 1, 0, 0, 0, 0]);
  return (decode(Buffer.concat([header, question, bytes])).answers ?? []).map(text);
}

function text(record: DecodedRecord): string {
  const data = 'data' in record ? record.data : '';
  const shown = Buffer.isBuffer(data) || Array.isArray(data) ? String(data) : data;
  return `${record.name} ${record.type} ${typeof shown === 'string' ? shown : JSON.stringify(shown)}`;
}
