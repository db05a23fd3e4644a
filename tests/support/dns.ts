/** A name server on loopback, over UDP and TCP, that says what a test tells it. */
import { Buffer } from "node:buffer";
import { createSocket, type Socket } from "node:dgram";
import { createServer, type Server } from "node:net";
import { type Answer, decode, encode, type Packet } from "dns-packet";

/** What a name and type have: records as dns-packet's `data`, or a code instead. */
export type ZoneEntry =
  | readonly unknown[]
  | "SERVFAIL"
  | "REFUSED"
  | "NXDOMAIN"
  | "(silence)";

/** Names and types, `"MX a.test"`; a CNAME holds for every type. What is missing is NXDOMAIN, or NODATA if the name has anything. */
export type Zone = Record<string, ZoneEntry>;

/** How the server misbehaves. */
export interface DnsRules {
  readonly zone: Zone;
  /** Names whose answers are validated; all when true. */
  readonly secure?: boolean | readonly string[];
  /** Seconds. */
  readonly ttl?: number;
  /** Over UDP: say that it does not fit. */
  readonly truncate?: boolean;
  /** Over UDP: answers that come before the true one. */
  readonly spoof?: (answer: Packet, query: Packet) => readonly Packet[];
  /** UDP questions that are not answered, from the first on. */
  readonly drop?: number;
  /** Repeats names in small letters, as some servers do. */
  readonly fold?: boolean;
}

/** The running server. */
export class FakeDns implements AsyncDisposable {
  /** Every question: `"udp MX a.test"`, names in lower case. */
  readonly asked: string[] = [];
  readonly names = new Set<string>();
  #udp!: Socket;
  #tcp!: Server;

  private constructor(public rules: DnsRules) {}

  static async start(rules: DnsRules): Promise<FakeDns> {
    const dns = new FakeDns(rules);
    for (let tries = 0;; tries++) {
      try {
        await dns.#listen();
        return dns;
      } catch (error) {
        // The port that UDP got is taken for TCP: another.
        if (tries === 20) throw error;
      }
    }
  }

  get port(): number {
    return this.#udp.address().port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#udp.close(() => resolve()));
    await new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
  }

  async #listen(): Promise<void> {
    const udp = createSocket("udp4");
    await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
    this.#udp = udp;
    udp.on("message", (octets, from) => {
      const query = decode(octets);
      const answer = this.#answer("udp", query);
      if (answer === undefined || this.asked.length <= (this.rules.drop ?? 0)) return;
      const all = [...this.rules.spoof?.(answer, query) ?? []];
      all.push(
        this.rules.truncate === true ? { ...answer, answers: [], flags: answer.flags! | 1 << 9 } : answer,
      );
      for (const one of all) udp.send(encode(one), from.port, from.address);
    });
    this.#tcp = createServer((socket) => {
      let held = Buffer.alloc(0);
      socket.on("error", () => {});
      socket.on("data", (chunk: Buffer) => {
        held = Buffer.concat([held, chunk]);
        if (held.length < 2 || held.length < 2 + held.readUInt16BE(0)) return;
        const answer = this.#answer("tcp", decode(held.subarray(2)));
        if (answer === undefined) return;
        const octets = encode(answer);
        const size = Buffer.alloc(2);
        size.writeUInt16BE(octets.length);
        socket.end(Buffer.concat([size, octets]));
      });
    });
    try {
      await new Promise<void>((resolve, reject) => {
        this.#tcp.once("error", reject);
        this.#tcp.listen(udp.address().port, "127.0.0.1", resolve);
      });
    } catch (error) {
      await new Promise<void>((resolve) => udp.close(() => resolve()));
      throw error;
    }
  }

  #answer(via: string, query: Packet): Packet | undefined {
    const { name, type } = query.questions![0]!;
    const { zone, secure = false, ttl = 300, fold = false } = this.rules;
    this.asked.push(`${via} ${type} ${name.toLowerCase()}`);
    this.names.add(name);
    const answers: Answer[] = [];
    let rcode = 0;
    let at = name.toLowerCase();
    for (let hops = 0; hops < 30; hops++) {
      const alias = zone[`CNAME ${at}`];
      const entry = zone[`${type} ${at}`];
      if (entry === "(silence)") return undefined;
      if (typeof entry === "string") rcode = { SERVFAIL: 2, REFUSED: 5, NXDOMAIN: 3 }[entry];
      else if (entry !== undefined) {
        answers.push(...entry.map((data) => ({ type, name: hops === 0 ? name : at, ttl, data }) as Answer));
      } else if (Array.isArray(alias)) {
        answers.push({ type: "CNAME", name: at, ttl, data: alias[0] as string });
        at = (alias[0] as string).toLowerCase();
        // A resolver that gives up in the middle leaves the rest to its client.
        if (hops < 20) continue;
      } else if (!Object.keys(zone).some((key) => key.endsWith(` ${at}`))) rcode = 3;
      break;
    }
    const isSecure = secure === true || Array.isArray(secure) && secure.includes(name.toLowerCase());
    return {
      type: "response",
      id: query.id!,
      flags: 1 << 8 | 1 << 7 | (isSecure ? 1 << 5 : 0) | rcode,
      questions: [{ type, name: fold ? name.toLowerCase() : name }],
      answers,
    };
  }
}
