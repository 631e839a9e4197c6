/** The tool's commands about sets, one a line: what `ipset save` prints and `ipset restore` reads. */
import type { SetEntry, SetShape } from '@menwei/netlink/ipset';

export type IpSetCommand =
  | { readonly command: 'create'; readonly shape: SetShape; readonly isForgiving?: true }
  | {
      readonly command: 'add' | 'del';
      readonly name: string;
      readonly entry: SetEntry;
      readonly isForgiving?: true;
    }
  | { readonly command: 'destroy'; readonly name: string }
  | { readonly command: 'swap'; readonly name: string; readonly other: string };

/** Without the newline. With `isForgiving`, what is there already, or gone already, is all right. */
export function formatCommand(command: IpSetCommand): string {
  const end = 'isForgiving' in command ? ' -exist' : '';
  switch (command.command) {
    case 'create':
      return `create ${command.shape.name} ${formatType(command.shape)}${end}`;
    case 'add':
    case 'del':
      return `${command.command} ${command.name} ${command.entry}${end}`;
    case 'destroy':
      return `destroy ${command.name}`;
    case 'swap':
      return `swap ${command.name} ${command.other}`;
  }
}

function formatType({ type, family, maxEntries }: SetShape): string {
  if (type === 'bitmap:port') return `${type} range 0-65535`;
  return `${type} family ${family === 'IPv4' ? 'inet' : 'inet6'} hashsize 1024 maxelem ${maxEntries}`;
}
