import { ConnError, type Dial } from "../core/conn.ts";
import type { Destination, HopResult, Reached, Reacher } from "../core/outbound.ts";
import type { World } from "../core/world.ts";
import { type ClientLimits, openHop } from "../smtp/client.ts";
import { type MxCandidate, mxCandidates, type MxWays, type Way } from "./mx_candidates.ts";
import { REACH_LIMITS, type ReachLimits } from "./reach_limits.ts";
import { planFor, type TlsPlan } from "./tls_plan.ts";

/** What a Reacher works with. */
export interface ReachOptions {
  readonly dial: Dial;
  /** Our name in EHLO, in ASCII. */
  readonly hostname: string;
  readonly world: World;
  readonly client: ClientLimits;
  readonly limits?: ReachLimits;
  /** PEM of the authorities that vouch for next hops, instead of the system's. */
  readonly ca?: string | undefined;
  /** How mail hosts of domains are found; undefined: only next hops that are named are reached. */
  readonly mx: MxWays | undefined;
}

/** One socket to try, and how. */
export interface Candidate {
  /** Its name, for reports. */
  readonly host: string;
  readonly to: Parameters<Dial>[0];
  readonly plan: TlsPlan;
}

/** Makes a Reacher. */
export function createReacher(options: ReachOptions): Reacher {
  return new HopReacher(options);
}

class HopReacher implements Reacher {
  readonly #limits: ReachLimits;

  constructor(private readonly options: ReachOptions) {
    this.#limits = options.limits ?? REACH_LIMITS;
  }

  async reach(
    to: Destination,
    need: Parameters<Reacher["reach"]>[1],
  ): Promise<Reached> {
    const until = this.options.world.ticks() + this.#limits.within;
    let worst: HopResult | undefined;
    let tries = 0;
    const way = need.tlsOptional === true && !need.requireTls ? withoutPolicies(to) : to;
    for await (const candidate of this.#candidates(way, need.requireTls)) {
      if ("outcome" in candidate) {
        worst = worse(worst, candidate);
        continue;
      }
      if (need.signal.aborted) return { ok: false, result: ABORTED };
      if (tries++ >= this.#limits.addresses || this.options.world.ticks() > until) break;
      const reached = await this.#try(to, candidate, need);
      if (reached.ok) return reached;
      worst = worse(worst, reached.result);
    }
    return { ok: false, result: worst ?? NOWHERE };
  }

  /** What there is to try, best first; results stand for hosts that cannot be tried. */
  async *#candidates(
    to: Way,
    requireTls: boolean,
  ): AsyncGenerator<Candidate | MxCandidate | HopResult> {
    const { by } = to;
    const plan = planFor(requireTls ? stricter(to.tls, "verify") : to.tls, to.implicitTls);
    switch (by.kind) {
      case "unix":
        yield { host: by.path, to: { path: by.path }, plan };
        break;
      case "host":
        yield { host: by.host, to: { host: by.host, port: by.port }, plan };
        break;
      case "mx":
        if (this.options.mx !== undefined) yield* mxCandidates(by.domain, to, requireTls, this.options.mx);
        else {yield result(
            "deferred",
            "dns",
            "4.4.3",
            "There is no name server to ask for the domain's mail hosts",
          );}
        break;
      default:
        by satisfies never;
    }
  }

  async #try(
    to: Destination,
    candidate: Candidate,
    need: Parameters<Reacher["reach"]>[1],
  ): Promise<Reached> {
    const reached = await this.#connect(to, candidate, candidate.plan, need);
    const { mode } = candidate.plan;
    candidate.plan.over?.(outcomeOf(reached));
    if (reached.ok || reached.result.step !== "starttls" || mode !== "wanted") return reached;
    // A host whose TLS is broken gets what it would get without any (RFC 7435 §3), over a new connection.
    return await this.#connect(to, candidate, { ...candidate.plan, mode: "none" }, need);
  }

  async #connect(
    to: Destination,
    { host, to: socket }: Candidate,
    plan: TlsPlan,
    need: Parameters<Reacher["reach"]>[1],
  ): Promise<Reached> {
    const { client, hostname, world, ca } = this.options;
    let conn;
    try {
      conn = await this.options.dial(socket, {
        timeoutMs: client.connect,
        tls: {
          verify: plan.verify,
          serverName: "path" in socket ? "" : host,
          ...(plan.check === undefined ? {} : { check: plan.check }),
          ...(ca === undefined ? {} : { ca }),
        },
      });
    } catch (thrown) {
      if (!(thrown instanceof ConnError)) throw thrown;
      return { ok: false, result: result("deferred", "connect", "4.4.1", thrown.message) };
    }
    const abort = () => conn.destroy();
    need.signal.addEventListener("abort", abort, { once: true });
    try {
      if (need.signal.aborted) conn.destroy();
      return await openHop(conn, {
        protocol: to.protocol,
        hostname,
        limits: client,
        host,
        tls: plan.mode,
        trust: plan.trust,
        requireTls: need.requireTls,
        login: to.login,
        plainLogin: to.tls === "none" || to.by.kind === "unix",
        world,
      });
    } finally {
      need.signal.removeEventListener("abort", abort);
    }
  }
}

/** What TLS had to do with it: a connection that came up without any counts as one that did not offer it. */
function outcomeOf(reached: Reached): HopResult | undefined {
  if (!reached.ok) return reached.result;
  return reached.connection.security === undefined
    ? result("deferred", "starttls", "4.7.4", "The next hop does not offer TLS")
    : undefined;
}

/** RFC 8689 §5: what the sender would rather see arrive than encrypted. A relay's TLS is not the message's affair. */
function withoutPolicies(to: Destination): Way {
  return to.by.kind === "mx" && to.tls !== "none" ? { ...to, tls: "may", ignoresPolicies: true } : to;
}

const LEVELS = ["none", "may", "encrypt", "verify", "dane"] as const;

/** The stricter of two levels. */
export function stricter(a: Destination["tls"], b: Destination["tls"]): Destination["tls"] {
  return LEVELS.indexOf(a) >= LEVELS.indexOf(b) ? a : b;
}

/** Of several hosts' results the one that leaves hope counts (RFC 5321 §5.1); else the latest. */
function worse(before: HopResult | undefined, now: HopResult): HopResult {
  return before?.outcome === "deferred" && now.outcome === "failed" ? before : now;
}

function result(outcome: "deferred" | "failed", step: string, status: string, text: string): HopResult {
  return { outcome, step, reply: { code: 0, status, text } };
}

const ABORTED = result("deferred", "connect", "4.3.2", "The server is going down");
const NOWHERE = result("deferred", "connect", "4.4.1", "No host could be tried");
