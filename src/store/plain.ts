/** Which deliveries are the usual ones, and the columns that `deliverPlain` takes of them. */
import type { AccountId } from "../core/brands.ts";
import { Flag } from "../core/store.ts";
import type { Target } from "./job.ts";
import type { Message } from "./message.ts";

/** True when `deliverPlain` can place them: octets at hand, no keywords, no annotations. */
export function isPlain(targets: readonly Target[]): boolean {
  return targets.every((target) =>
    target.keywords === null && target.message.octets !== undefined && target.wanted.annotations === undefined
  );
}

/** What was counted so far of one account. */
interface AccountCount {
  targets: number;
  octets: number;
  /** Number within the account of each message. */
  readonly messages: Map<Message, number>;
  readonly boxes: Map<string, BoxCount>;
  /** Place of its last target. */
  last: number;
}

/** What was counted so far of one mailbox. */
interface BoxCount {
  targets: number;
  octets: number;
  unseen: number;
  deleted: number;
  last: number;
}

/** Columns $1 to $22 of `deliverPlain`, in the order of the targets. */
export function plainColumns(targets: readonly Target[], now: number) {
  const accounts = new Map<AccountId, AccountCount>();
  const count = targets.length;
  const numbers = () => new Array<number>(count).fill(0);
  const nulls = <T>() => new Array<T | null>(count).fill(null);
  const account = numbers(), flags = numbers(), dates = numbers(), size = numbers();
  const n = numbers(), octets = numbers(), messages = numbers();
  const boxN = numbers(), boxOctets = numbers(), boxUnseen = numbers(), boxDeleted = numbers();
  const message = numbers();
  const endsAccount = new Array<boolean>(count).fill(false), endsBox = new Array<boolean>(count).fill(false);
  const blob = nulls<string>(), headerSize = nulls<number>(), sentOn = nulls<string>();
  const envelope = nulls<Uint8Array>(), bodyStructure = nulls<Uint8Array>(), structure = nulls<Uint8Array>();
  for (let i = 0; i < count; i++) {
    const target = targets[i]!, of = target.message;
    const inAccount = countOf(accounts, target.account, newAccount);
    const inBox = countOf(inAccount.boxes, target.name, newBox);
    const bits = target.wanted.flags ?? 0;
    account[i] = target.account;
    flags[i] = bits;
    dates[i] = target.wanted.internalDate ?? now;
    size[i] = of.size;
    let number = inAccount.messages.get(of);
    if (number === undefined) {
      inAccount.messages.set(of, number = inAccount.messages.size);
      blob[i] = of.blob;
      headerSize[i] = of.derived.headerSize;
      sentOn[i] = of.derived.sentOn;
      envelope[i] = of.derived.envelope;
      bodyStructure[i] = of.derived.bodyStructure;
      structure[i] = of.derived.structure;
    }
    message[i] = number;
    n[i] = ++inAccount.targets;
    octets[i] = inAccount.octets += of.size;
    messages[i] = inAccount.messages.size;
    boxN[i] = ++inBox.targets;
    boxOctets[i] = inBox.octets += of.size;
    boxUnseen[i] = inBox.unseen += bits & Flag.Seen ? 0 : 1;
    boxDeleted[i] = inBox.deleted += bits & Flag.Deleted ? 1 : 0;
    inAccount.last = inBox.last = i;
  }
  for (const inAccount of accounts.values()) {
    endsAccount[inAccount.last] = true;
    for (const inBox of inAccount.boxes.values()) endsBox[inBox.last] = true;
  }
  const names = targets.map((target) => target.name);
  // deno-fmt-ignore -- in the order of the statement's parameters
  return [
    account, names, flags, dates, size, n, octets, messages, boxN, boxOctets, boxUnseen, boxDeleted, message,
    endsAccount, endsBox, blob, headerSize, sentOn, envelope, bodyStructure, structure,
    targets.map((_, i) => i + 1),
  ] as const;
}

function countOf<K, V>(counts: Map<K, V>, key: K, fresh: () => V): V {
  let found = counts.get(key);
  if (found === undefined) counts.set(key, found = fresh());
  return found;
}

function newAccount(): AccountCount {
  return { targets: 0, octets: 0, messages: new Map(), boxes: new Map(), last: 0 };
}

function newBox(): BoxCount {
  return { targets: 0, octets: 0, unseen: 0, deleted: 0, last: 0 };
}
