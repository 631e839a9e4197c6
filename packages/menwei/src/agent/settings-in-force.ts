/** The settings in force: a few of them may change while the proxy runs, and who has to do something then is told. */
import type { Settings } from '../config/settings.ts';
import type { LiveSettings } from '../setup/configuration-changes.ts';

type Reaction = (now: Settings, before: Settings) => void;

export class SettingsInForce {
  #current: Settings;
  readonly #reactions: Reaction[] = [];

  constructor(settings: Settings) {
    this.#current = settings;
  }

  get current(): Settings {
    return this.#current;
  }

  /** Calls `react` after each change. */
  onChange(react: Reaction): void {
    this.#reactions.push(react);
  }

  change(values: LiveSettings): void {
    const before = this.#current;
    this.#current = { ...before, ...values };
    for (const react of this.#reactions) react(this.#current, before);
  }
}
