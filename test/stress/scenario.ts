/** What a scenario is, and what it is given for one round. */
import type { ProxyMode } from 'menwei/config/settings.ts';
import type { Dice } from './dice.ts';
import type { Site } from './site.ts';
import type { World } from './world.ts';

export interface Round {
  readonly mode: ProxyMode;
  readonly site: Site;
  readonly dice: Dice;
  readonly world: World;
  /** How long the proxy may take to be done, on a machine as slow as this. */
  readonly patienceMs: number;
  /** What a watch has to notice, it notices within this time. */
  readonly watchMs: number;
  /** Says what happens, for who repeats a round. */
  readonly tell: (line: string) => void;
}

export interface Scenario {
  readonly about: string;
  readonly run: (round: Round) => Promise<void>;
}
