/**
 * A kernel that is changed one thing at a time, for tests that look in between, or that end the process there. Only tests
 * import this file.
 */
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import type { SetEdit, SetRefusal } from '@menwei/netlink/ipset';
import type { IpvsRefusal } from '@menwei/netlink/ipvs';
import type { AddressRefusal } from '@menwei/netlink/route';
import { overriding } from '../../kernel/intercepted.ts';
import type { IpvsKernel } from './laws.ts';

/** The same kernel; `step` is called before every single change, and what it throws ends all. */
export function stepwise(kernel: IpvsKernel, step: () => void): IpvsKernel {
  const { ipvs, sets, links, tools } = kernel;
  return {
    ipvs: overriding(ipvs, {
      async apply(edits, signal) {
        const refused: IpvsRefusal[] = [];
        for (const edit of edits) {
          step();
          refused.push(...(await ipvs.apply([edit], signal)));
        }
        return refused;
      },
    }),
    sets: overriding(sets, {
      async apply(edits, signal) {
        const refused: SetRefusal[] = [];
        for (const edit of edits.flatMap(singleEdits)) {
          step();
          refused.push(...(await sets.apply([edit], signal)));
        }
        return refused;
      },
    }),
    links: overriding(links, {
      applyDummy(name) {
        step();
        links.applyDummy(name);
      },
      removeLink(name) {
        step();
        links.removeLink(name);
      },
      async applyAddresses(name, edits, signal) {
        const refused: AddressRefusal[] = [];
        for (const edit of edits) {
          step();
          refused.push(...(await links.applyAddresses(name, [edit], signal)));
        }
        return refused;
      },
    }),
    tools: stepwiseTools(tools, step),
  };
}

/** Table by table, as the kernel takes them. */
export function stepwiseTools(tools: IptablesTools, step: () => void): IptablesTools {
  return overriding(tools, {
    async restore(script, signal) {
      for (const table of splitTables([...script].join(''))) {
        step();
        await tools.restore([table], signal);
      }
    },
  });
}

function singleEdits(edit: SetEdit): readonly SetEdit[] {
  if (edit.change !== 'add' && edit.change !== 'remove') return [edit];
  return edit.entries.map((entry) => ({ ...edit, entries: [entry] }));
}

function splitTables(script: string): readonly string[] {
  return script.match(/\*[\s\S]*?COMMIT\n/g) ?? [];
}
