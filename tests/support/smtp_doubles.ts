/** What SMTP is given in its protocol tests: a store that records, and a directory and accounts made up. */
import type { Authenticator, AuthRefusal, AuthResult, SaslReply, SaslSession } from "../../src/core/auth.ts";
import type { AccountId, BlobId, MailboxId, ModSeq } from "../../src/core/brands.ts";
import { uid } from "../../src/core/brands.ts";
import type { Directory, LocalTarget, MailAddress, Resolution } from "../../src/core/directory.ts";
import type { Emit } from "../../src/core/events.ts";
import { done, type Outcome, refused, Unavailable } from "../../src/core/failure.ts";
import type { Services } from "../../src/core/services.ts";
import type { Outbound } from "../../src/core/outbound.ts";
import type { Draft, MailStore, Placed, StagedMessage } from "../../src/core/store.ts";
import type { SmtpLimits } from "../../src/smtp/mod.ts";
import { queueOf, urls } from "./smtp_outbound_doubles.ts";
import { concat } from "./transcript.ts";

/** A copy that reached a mailbox, or the queue. */
export interface Delivered {
  readonly accounts: readonly number[];
  readonly octets: Uint8Array;
  readonly outbound: Outbound | undefined;
}

/** Accounts to which delivery goes wrong, and how. */
export const WRONG = { gone: 8, full: 9, down: 10, bug: 11 } as const;

/** A store that records what is delivered. `open` counts drafts and messages that nobody disposed. */
export class RecordingStore {
  readonly delivered: Delivered[] = [];
  /** Set: what `stage`, `write` or `finish` throw. */
  failing: "stage" | "write" | "finish" | undefined;
  /** When set, drafts count octets and keep none. */
  countOnly = false;
  /** Each write of a draft takes a turn of the event loop. */
  slow = false;
  open = 0;
  counted = 0;
  readonly #octets = new Map<StagedMessage, Uint8Array>();

  stage(): Draft {
    if (this.failing === "stage") throw new Unavailable("no stage");
    this.open++;
    const parts: Uint8Array[] = [];
    let size = 0, drafted = true;
    return {
      get size() {
        return size;
      },
      write: (octets) => {
        if (!drafted) throw new Error("written after dispose");
        if (this.failing === "write" && size > 0) return Promise.reject(new Unavailable("no write"));
        size += octets.length;
        this.counted += octets.length;
        if (!this.countOnly) parts.push(octets.slice());
        return this.slow ? new Promise((resolve) => queueMicrotask(resolve)) : undefined;
      },
      finish: () => {
        if (this.failing === "finish") return Promise.reject(new Error("finish broke"));
        this.open++;
        let held = true;
        const message: StagedMessage = {
          blob: "b" as BlobId,
          size,
          [Symbol.asyncDispose]: () => {
            if (held) this.open--;
            held = false;
            return Promise.resolve();
          },
        };
        this.#octets.set(message, concat(parts));
        return Promise.resolve(message);
      },
      [Symbol.asyncDispose]: () => {
        if (drafted) this.open--;
        drafted = false;
        return Promise.resolve();
      },
    };
  }

  deliver(
    items: Parameters<MailStore["deliver"]>[0],
    options: { readonly atomic: boolean },
  ): Promise<readonly (readonly Outcome<Placed>[])[]> {
    const { message, to, outbound } = items[0]!;
    const wrong = (account: number) => to.some((target) => target.account as number === account);
    if (wrong(WRONG.down)) return Promise.reject(new Unavailable("database is gone"));
    if (wrong(WRONG.bug)) return Promise.reject(new TypeError("a bug"));
    const outcome = (account: number): Outcome<Placed> =>
      account === WRONG.full
        ? refused("OVERQUOTA", "internal words")
        : account === WRONG.gone
        ? refused("NONEXISTENT", "internal words")
        : done({ mailbox: 1 as MailboxId, uidValidity: 1, uid: uid(1), modSeq: 1 as ModSeq });
    let outcomes = to.map(({ account }) => outcome(account));
    const first = outcomes.find(({ ok }) => !ok);
    if (options.atomic && first !== undefined) outcomes = outcomes.map(() => first);
    const accounts = to.filter((_, i) => outcomes[i]!.ok).map(({ account }) => account as number);
    const queued = options.atomic && first !== undefined ? undefined : outbound;
    if (accounts.length > 0 || queued !== undefined) {
      this.delivered.push({ accounts, octets: this.#octets.get(message)!, outbound: queued });
    }
    return Promise.resolve([outcomes]);
  }
}

const HERE: Record<string, readonly number[] | Exclude<Resolution["kind"], "local" | "foreign">> = {
  alice: [1],
  bob: [2],
  carol: [3],
  "jörg": [4],
  'o\'neil "x"': [5],
  team: [1, 2],
  nobody: [],
  gone: [WRONG.gone],
  late: [WRONG.full],
  mixed: [1, WRONG.full],
  down: [WRONG.down],
  bug: [WRONG.bug],
  full: "over-quota",
  off: "disabled",
  ring: "loop",
};

/** Aliases that lead elsewhere. */
const AWAY: Record<string, { readonly here: readonly number[]; readonly remote: readonly string[] }> = {
  away: { here: [], remote: ["Fred@elsewhere.test"] },
  both: { here: [2], remote: ["fred@elsewhere.test"] },
  many: { here: [], remote: ["fred@elsewhere.test", "gus@elsewhere.test"] },
};

/** `example.test` and its people; `postmaster@mail.example.test` is alice. */
export const directory: Directory = {
  forwarding({ local, domain }: MailAddress, through: string): Promise<MailAddress> {
    const isFar = domain === "far.example";
    return Promise.resolve(isFar ? { local: `SRS0=${domain}=${local}`, domain: through } : { local, domain });
  },
  resolve(address: MailAddress): Promise<Resolution> {
    const [local, detail] = splitDetail(address.local);
    if (address.domain === "mail.example.test" && local === "postmaster") {
      return Promise.resolve({ kind: "local", targets: [target(1, "alice", undefined)], remote: [] });
    }
    if (address.domain !== "example.test" && address.domain !== "bücher.test") {
      const isName = /^[\p{L}\p{N}.-]+$/u.test(address.domain);
      return Promise.resolve(isName ? { kind: "foreign", domain: address.domain } : { kind: "foreign" });
    }
    if (local === "broken") return Promise.reject(new Unavailable("directory is gone"));
    if (local === "crash") return Promise.reject(new TypeError("a bug"));
    if (Object.hasOwn(AWAY, local)) {
      const { here, remote } = AWAY[local]!;
      const targets = here.map((account) => target(account, local, detail));
      return Promise.resolve({ kind: "local", targets, remote });
    }
    const found = Object.hasOwn(HERE, local) ? HERE[local]! : "unknown";
    if (typeof found === "string") return Promise.resolve({ kind: found });
    return Promise.resolve({
      kind: "local",
      targets: found.map((account) => target(account, local, detail)),
      remote: [],
    });
  },
};

function splitDetail(local: string): [string, string | undefined] {
  const plus = local.indexOf("+");
  return plus < 0 ? [local, undefined] : [local.slice(0, plus), local.slice(plus + 1)];
}

function target(account: number, local: string, detail: string | undefined): LocalTarget {
  return { account: account as AccountId, address: `${local}@example.test`, detail };
}

const REASONS: readonly string[] = [
  "throttled",
  "busy",
  "disabled",
  "authzid",
  "unavailable",
] satisfies AuthRefusal[];

/**
 * PLAIN for alice with the password `secret` (a password that is an AuthRefusal gives that), and a made-up
 * SCRAM-SHA-256: `first` → `challenge`, `final` → `v=verifier`, empty → ok.
 */
export function authenticator(withoutTls: boolean): Authenticator {
  const names = ["SCRAM-SHA-256", "PLAIN"];
  const offered = (tls: unknown) => tls !== undefined || withoutTls ? names : [];
  return {
    mechanisms: offered,
    begin: (mechanism, { tls }) =>
      !offered(tls).includes(mechanism) ? undefined : mechanism === "PLAIN" ? plain() : scram(),
    password: () => Promise.resolve({ ok: false, reason: "credentials", text: "no" }),
    identify: (user) =>
      Promise.resolve(user === "alice@example.test" && ALICE.ok ? ALICE.identity : undefined),
  };
}

const ALICE: AuthResult = { ok: true, identity: { account: 1 as AccountId, address: "alice@example.test" } };
const end = (result: AuthResult): SaslReply => ({ kind: "done", result });
const no = (reason: AuthRefusal): SaslReply => end({ ok: false, reason, text: "" });
const octets = (text: string) => new TextEncoder().encode(text);

function plain(): SaslSession {
  return {
    respond(response) {
      if (response === undefined) return Promise.resolve({ kind: "challenge", octets: new Uint8Array(0) });
      const parts = new TextDecoder().decode(response).split("\0");
      if (parts.length !== 3) return Promise.resolve(no("malformed"));
      const password = parts[2]!;
      if (REASONS.includes(password)) return Promise.resolve(no(password as AuthRefusal));
      return Promise.resolve(parts[1] === "alice" && password === "secret" ? end(ALICE) : no("credentials"));
    },
  };
}

function scram(): SaslSession {
  let step = 0;
  return {
    respond(response) {
      const text = response === undefined ? undefined : new TextDecoder().decode(response);
      if (text === undefined) return Promise.resolve({ kind: "challenge", octets: new Uint8Array(0) });
      step++;
      if (step === 1 && text === "first") {
        return Promise.resolve({ kind: "challenge", octets: octets("challenge") });
      }
      if (step === 2 && text === "final") {
        return Promise.resolve({ kind: "challenge", octets: octets("v=verifier") });
      }
      return Promise.resolve(step === 3 && text === "" ? end(ALICE) : no("credentials"));
    },
  };
}

/** An event as it was emitted. */
export interface Emitted {
  readonly name: string;
  readonly fields: Record<string, unknown>;
}

/** Everything that a session is given, with handles for the test. */
export interface Bench {
  readonly services: Services<SmtpLimits>;
  readonly store: RecordingStore;
  readonly events: Emitted[];
  readonly drain: AbortController;
  /** What the queue says of an account; to be set. */
  readonly use: { messages: number; recipients: number };
  /** Moves the monotonic clock, in milliseconds. */
  elapse(ms: number): void;
}

/** Builds services out of the doubles; the clock stands at 2026-01-02 03:04:05 UTC. */
export function bench(
  limits: SmtpLimits,
  options: {
    readonly startTls?: boolean;
    readonly plainAuth?: boolean;
    readonly queue?: boolean;
    readonly urls?: boolean;
  } = {},
): Bench {
  const store = new RecordingStore();
  const events: Emitted[] = [];
  const drain = new AbortController();
  const use = { messages: 0, recipients: 0 };
  let ticks = 0;
  const emit: Emit = (name, fields) => events.push({ name, fields: fields as Record<string, unknown> });
  return {
    store,
    events,
    drain,
    use,
    elapse: (ms) => ticks += ms,
    services: {
      hostname: "mail.example.test",
      store: store as unknown as MailStore,
      directory,
      auth: authenticator(options.plainAuth ?? false),
      world: {
        now: () => Date.UTC(2026, 0, 2, 3, 4, 5),
        ticks: () => ticks,
        random: (n) => new Uint8Array(n),
      },
      emit,
      limits,
      startTlsOffered: options.startTls ?? false,
      draining: drain.signal,
      ...(options.queue ? { queue: queueOf(use) } : {}),
      ...(options.urls ? { urls } : {}),
    },
  };
}
