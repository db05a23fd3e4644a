/** The mailbox that a session has selected, whose view may still be on its way. */
import { done, type Outcome } from "../core/failure.ts";
import type { View } from "./view.ts";

/** What is known of it without its view. */
export interface SelectedFacts {
  /** By which this session knows it. */
  readonly name: string;
  readonly readOnly: boolean;
  /** True for another's mailbox: what may be done there is asked again before each command. */
  readonly foreign: boolean;
  /** Bits of acl.ts Right. */
  readonly rights: number;
  /** With SELECT (ANNOTATE): the client was told of annotations up to this mod-sequence (RFC 5257 §4.2). */
  readonly annotations: { told: number } | undefined;
  /** EXAMINE, whatever rights there are. */
  readonly examined: boolean;
}

/** It. Dispose it when the mailbox is left. */
export class Selected implements Disposable, SelectedFacts {
  readonly name: string;
  readonly readOnly: boolean;
  readonly foreign: boolean;
  rights: number;
  readonly annotations: { told: number } | undefined;
  readonly examined: boolean;
  #view: View | undefined;
  #opening: Promise<Outcome<void>> | undefined;
  #left = false;

  /** `view`: it, or how to open it. */
  constructor(facts: SelectedFacts, view: View | (() => Promise<Outcome<View>>)) {
    ({ name: this.name, readOnly: this.readOnly, foreign: this.foreign, rights: this.rights } = facts);
    ({ annotations: this.annotations, examined: this.examined } = facts);
    if (typeof view !== "function") this.#view = view;
    else this.#open = view;
  }

  readonly #open: (() => Promise<Outcome<View>>) | undefined;

  /** True while `view` is not there. */
  get pending(): boolean {
    return this.#view === undefined;
  }

  /** What the client knows of; there once `ready` said so. */
  get view(): View {
    if (this.#view === undefined) throw new Error("Cannot use a mailbox whose view is not there yet");
    return this.#view;
  }

  /** Waits for the view. Throws Unavailable, and tries again when it is called again. */
  async ready(): Promise<Outcome<void>> {
    if (this.#view !== undefined) return done(undefined);
    return await (this.#opening ??= this.#load().finally(() => this.#opening = undefined));
  }

  /** Leaves the mailbox. */
  [Symbol.dispose](): void {
    this.#left = true;
    this.#view?.[Symbol.dispose]();
  }

  async #load(): Promise<Outcome<void>> {
    const opened = await this.#open!();
    if (!opened.ok) return opened;
    this.#view = opened.value;
    if (this.#left) this.#view[Symbol.dispose]();
    return done(undefined);
  }
}
