/**
 * What an account must hold: a model that every acknowledged operation changes. An operation whose answer did
 * not come may have happened or not, but then wholly; the next look at the account tells.
 */

/** Flags of each message of a mailbox, by the message's number; flags sorted, a space between. */
export type Box = Map<number, string>;

/** Mailboxes of an account by name. */
export type Boxes = Map<string, Box>;

/** Something that changes an account, as one whole. */
export interface Operation {
  /** For the report. */
  readonly name: string;
  readonly apply: (boxes: Boxes) => void;
  /** Whether the account looks as if it happened. */
  readonly happened: (actual: Boxes) => boolean;
}

/** The mailboxes that are worked on. */
export const MAILBOXES = ["INBOX", "Kept"] as const;

/** A message arrives. */
export function arrival(name: string, mailbox: string, number: number, flags = ""): Operation {
  return {
    name: `${name} ${number}`,
    apply: (boxes) => void boxes.get(mailbox)!.set(number, flags),
    happened: (actual) => actual.get(mailbox)!.has(number),
  };
}

/** Messages get other flags; the flag tells whether it happened, so the first of them must not have it yet. */
export function flagging(mailbox: string, numbers: readonly number[], flag: string): Operation {
  return {
    name: `STORE ${numbers} ${flag}`,
    apply(boxes) {
      const box = boxes.get(mailbox)!;
      for (const number of numbers) box.set(number, withFlag(box.get(number)!, flag));
    },
    happened: (actual) => numbers.some((number) => has(actual.get(mailbox)!.get(number), flag)),
  };
}

/** Messages go. */
export function removal(name: string, mailbox: string, numbers: readonly number[]): Operation {
  return {
    name: `${name} ${numbers}`,
    apply: (boxes) => void numbers.forEach((number) => boxes.get(mailbox)!.delete(number)),
    happened: (actual) => numbers.some((number) => !actual.get(mailbox)!.has(number)),
  };
}

/** Messages are copied, with their flags, or moved. */
export function transfer(
  from: string,
  to: string,
  numbers: readonly number[],
  move: boolean,
): Operation {
  return {
    name: `${move ? "MOVE" : "COPY"} ${numbers}`,
    apply(boxes) {
      for (const number of numbers) {
        boxes.get(to)!.set(number, boxes.get(from)!.get(number)!);
        if (move) boxes.get(from)!.delete(number);
      }
    },
    happened: (actual) => numbers.some((number) => actual.get(to)!.has(number)),
  };
}

/** The model of one account, and the operations whose fate is not known. */
export class Ledger {
  readonly boxes: Boxes = new Map(MAILBOXES.map((name) => [name, new Map()]));
  readonly #unknown: Operation[] = [];
  acknowledged = 0;

  constructor(readonly address: string) {}

  /** True while an operation's fate is not known: nothing may be built on it. */
  get isUncertain(): boolean {
    return this.#unknown.length > 0;
  }

  /** Takes an operation, acknowledged or not. */
  take(operation: Operation, acknowledged: boolean): void {
    if (!acknowledged) return void this.#unknown.push(operation);
    this.acknowledged++;
    operation.apply(this.boxes);
  }

  /** Settles what was unknown by what is there, and gives what then is not as it must be. */
  settle(actual: Boxes): readonly string[] {
    for (const operation of this.#unknown.splice(0)) {
      if (operation.happened(actual)) operation.apply(this.boxes);
    }
    const wrong: string[] = [];
    for (const mailbox of MAILBOXES) {
      const [want, is] = [this.boxes.get(mailbox)!, actual.get(mailbox)!];
      const at = (number: number) => `${this.address} ${mailbox}: number ${number}`;
      for (const [number, flags] of want) {
        if (!is.has(number)) wrong.push(`${at(number)} is lost`);
        else if (is.get(number) !== flags) {
          wrong.push(`${at(number)} has the flags (${is.get(number)}), not (${flags})`);
        }
      }
      for (const number of is.keys()) if (!want.has(number)) wrong.push(`${at(number)} should not be there`);
    }
    return wrong;
  }
}

function has(flags: string | undefined, flag: string): boolean {
  return flags !== undefined && flags.split(" ").includes(flag);
}

/** Flags with one more, sorted. */
export function withFlag(flags: string, flag: string): string {
  return [...new Set([...flags.split(" ").filter((one) => one !== ""), flag])].sort().join(" ");
}
