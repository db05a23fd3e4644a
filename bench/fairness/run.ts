/** The measurements of fairness, in order, against a server that runs. */
import type { Ports } from "../load/target.ts";
import { bring } from "./crowd.ts";
import { type Good, newcomers, percentile, serveGood } from "./good.ts";
import type { Host } from "./kinds.ts";
import { pour } from "./overload.ts";

/** Against whom. */
export interface Subject extends Good {
  readonly ports: Ports & Host["ports"];
  /** The account that misbehaves. */
  readonly account: string;
}

/** How long and with how many. */
export interface Size {
  readonly seconds: number;
  readonly crowd: number;
  readonly seed: number;
  /** What bounds of time are multiplied with; 1 when left out. For machines that do other things as well. */
  readonly slack?: number;
}

/** A line of the table. */
export interface Row {
  readonly what: string;
  readonly value: string;
  readonly bound: string;
  readonly holds: boolean;
}

/** Connections that bring the server to its peak, and those of three times as much. */
const PEAK = 64;
/** The share of the peak that is left beyond it. */
const LEAST = 0.8;
/** Within which the server must be back to normal. */
const BACK_SECONDS = 10;

const ms = (value: number) => `${value.toFixed(1)} ms`;

/** Measures everything; `told` hears of each part as it is done. */
export async function run(
  subject: Subject,
  size: Size,
  told?: (rows: readonly Row[]) => void,
): Promise<readonly Row[]> {
  // Something to read, and caches that are warm.
  await pour(subject, 16, 1);
  await pour({ ...subject, users: [subject.account] }, 4, 1);
  await serveGood(subject, 2);
  const rows: Row[] = [];
  for (const measure of [crowded, oneAddress, overload]) {
    const measured = await measure(subject, size);
    told?.(measured);
    rows.push(...measured);
  }
  return rows;
}

/** Good clients alone, then beside a crowd. */
export async function crowded(
  subject: Subject,
  { seconds, crowd, seed, slack = 1 }: Size,
): Promise<readonly Row[]> {
  const alone = await serveGood(subject, seconds);
  await using _crowd = await bring({
    ...{ ports: subject.ports, account: subject.account, password: subject.password },
    ...{ count: crowd, seed, addresses: Math.ceil(crowd / 5) },
  });
  // It takes them a moment to be all there.
  await new Promise((wake) => setTimeout(wake, 2_000));
  const beside = await serveGood(subject, seconds);
  const [was, is] = [percentile(alone.ms, 0.99), percentile(beside.ms, 0.99)];
  const most = slack * Math.max(250, 5 * was);
  return [
    row("8 good clients alone: p50", ms(percentile(alone.ms, 0.5)), "", true),
    row("8 good clients alone: p99", ms(was), "", true),
    row(`beside ${crowd} bad ones: p50`, ms(percentile(beside.ms, 0.5)), "", true),
    row(`beside ${crowd} bad ones: p99`, ms(is), `at most ${ms(most)}`, is <= most),
    row(
      "requests that failed",
      `${alone.failed + beside.failed}`,
      "none",
      alone.failed + beside.failed === 0,
    ),
  ];
}

/** A newcomer from one address, while another has 300 connections. */
export async function oneAddress(
  subject: Subject,
  { seconds, seed, slack = 1 }: Size,
): Promise<readonly Row[]> {
  const port = subject.ports.smtp;
  const alone = await newcomers(port, "127.0.0.2", seconds / 2);
  await using _crowd = await bring({
    ...{ ports: subject.ports, account: subject.account, password: subject.password },
    ...{ count: 300, seed, addresses: 1, kinds: ["says nothing (SMTP)", "comes and goes (SMTP)"] },
  });
  await new Promise((wake) => setTimeout(wake, 1_000));
  const beside = await newcomers(port, "127.0.0.2", seconds / 2);
  const more = percentile(beside.ms, 0.5) - percentile(alone.ms, 0.5);
  return [
    row("a newcomer alone: p50", ms(percentile(alone.ms, 0.5)), "", true),
    row("300 connections of another address add", ms(more), `at most ${50 * slack} ms`, more <= 50 * slack),
    row(
      "newcomers turned away",
      `${beside.failed} of ${beside.failed + beside.ms.length}`,
      "none",
      beside.failed === 0,
    ),
  ];
}

/** Three times as many senders as at the peak, and after that. */
export async function overload(subject: Subject, { seconds, slack = 1 }: Size): Promise<readonly Row[]> {
  const peak = await pour(subject, PEAK, seconds);
  const before = percentile((await serveGood(subject, seconds / 2)).ms, 0.99);
  const over = await pour(subject, 3 * PEAK, seconds);
  const began = performance.now();
  let back = Infinity, last = NaN;
  while (performance.now() - began < slack * BACK_SECONDS * 1000) {
    last = percentile((await serveGood(subject, 1)).ms, 0.99);
    if (last > Math.max(2 * before, before + 20)) continue;
    back = (performance.now() - began) / 1000;
    break;
  }
  const share = over.rate / peak.rate;
  return [
    row(
      `${PEAK} senders: messages a second`,
      over.rate === 0 ? "0" : peak.rate.toFixed(0),
      "",
      peak.rate > 0,
    ),
    row(
      `${3 * PEAK} senders: messages a second`,
      `${over.rate.toFixed(0)} (${(share * 100).toFixed(0)} %)`,
      `at least ${LEAST * 100 / Math.min(slack, 2)} %`,
      share >= LEAST / Math.min(slack, 2),
    ),
    row(
      "refusals",
      `${over.temporary} temporary, ${over.other.length} others`,
      "temporary only",
      over.other.length === 0,
    ),
    row("p99 of good clients before", ms(before), "", true),
    row(
      "back to normal (p99 within 2 × that)",
      back === Infinity ? `not yet: ${ms(last)}` : `${back.toFixed(1)} s`,
      `within ${slack * BACK_SECONDS} s`,
      back <= slack * BACK_SECONDS,
    ),
  ];
}

function row(what: string, value: string, bound: string, holds: boolean): Row {
  return { what, value, bound, holds };
}
