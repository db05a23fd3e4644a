/** VERP: each recipient's copy, and each report, has a return path of its own. */
import { assertEquals, assertMatch } from "@std/assert";
import type { AccountId } from "../../src/core/brands.ts";
import type { Directory, Resolution } from "../../src/core/directory.ts";
import { silent } from "../../src/core/events.ts";
import { Notify } from "../../src/core/outbound.ts";
import { realWorld } from "../../src/core/world.ts";
import { Keeper } from "../../src/queue/keeper.ts";
import { Reporter } from "../../src/queue/reports.ts";
import { variablePath } from "../../src/queue/verp.ts";
import { assertInvariants } from "../store/invariants.ts";
import { all, type Bench, bench, idOf } from "../store/support.ts";
import { drained, enqueue, FAILED, Hops, outbound, QUICK, scheduler } from "./support.ts";

/** list@example.test, with details, and bob@example.test are ours. */
function directoryOf(t: Bench): Directory {
  const of = (account: AccountId): Resolution => ({
    kind: "local",
    targets: [{ account, address: "", detail: undefined }],
    remote: [],
  });
  return {
    resolve: ({ local, domain }) =>
      Promise.resolve(
        domain !== "example.test"
          ? { kind: "foreign", domain }
          : local.startsWith("list+")
          ? of(t.accounts[0]!)
          : local === "bob"
          ? of(t.accounts[1]!)
          : local === "both"
          ? { kind: "local", targets: [], remote: ["y@one.test", "z@one.test"] }
          : { kind: "unknown" },
      ),
    forwarding: (sender) => Promise.resolve(sender),
  };
}

/** The first lines of the messages in an account's INBOX. */
async function inbox(t: Bench, account: AccountId): Promise<readonly string[]> {
  const id = await idOf(t.store, account, "INBOX");
  const texts: string[] = [];
  for await (const rows of t.store.fetch(account, id, [[1, 100]], {})) {
    for (const { message } of rows) {
      const pieces = await all(t.store.octets(account, [{ message, start: 0, end: 1e6 }]));
      texts.push(pieces.map((piece) => new TextDecoder().decode(piece.octets)).join(""));
    }
  }
  return texts;
}

Deno.test("variable envelope return paths", () => {
  assertEquals(variablePath("list@a.test", "+=", "u+v@b.test"), "list+u+v=b.test@a.test");
  assertEquals(variablePath("list@a.test", "-=", '"x y"@b.test'), 'list-"x y"=b.test@a.test');
  assertEquals(variablePath("", "+=", "u@b.test"), "");
  assertEquals(variablePath("list@a.test", "+=", "postmaster"), "list@a.test");
});

Deno.test("each recipient has a transaction and a return path of its own, here too, and so has each report", async () => {
  await using t = await bench(2);
  const [list, bob] = t.accounts as [AccountId, AccountId];
  const directory = directoryOf(t);
  const hops = new Hops();
  const paths: string[] = [];
  hops.answers.set("one.test", ({ envelope, recipients }, address) => {
    paths.push(`${envelope.reversePath} > ${recipients.map((one) => one.address).join(" ")}`);
    return address.startsWith("no") ? FAILED : { outcome: "delivered", step: "end", reply: FAILED.reply };
  });
  const envelope = { reversePath: "list@example.test", verp: "+=" };
  const out = outbound(["a@one.test", "no@one.test", "nor@one.test"], envelope);
  const here = ["bob@example.test", "both@example.test"].map((address) => ({
    address,
    notify: Notify.Failure,
    originalRecipient: undefined,
    here: true,
  }));
  await enqueue(t.store, { ...out, recipients: [...out.recipients, ...here] });
  {
    await using _ = scheduler(t, hops, {}, {
      here: { store: t.store, directory, hostname: "mx.example.test" },
    });
    await drained(t.db.database);
  }
  assertEquals(paths.toSorted(), [
    "list+a=one.test@example.test > a@one.test",
    "list+no=one.test@example.test > no@one.test",
    "list+nor=one.test@example.test > nor@one.test",
    "list+y=one.test@example.test > y@one.test",
    "list+z=one.test@example.test > z@one.test",
  ]);
  assertMatch((await inbox(t, bob))[0]!, /^Return-Path: <list\+bob=example\.test@example\.test>\r\n/);
  const limits = { ...QUICK, reportDelayMs: 0 };
  const common = { door: t.db.door, emit: silent, limits };
  const reporter = new Reporter({
    ...common,
    store: t.store,
    directory,
    world: realWorld,
    hostname: "mx.example.test",
  });
  const keeper = new Keeper({ ...common, reporter, wake: () => {} });
  try {
    await keeper.round();
  } finally {
    await keeper.drain();
  }
  const reports = (await inbox(t, list)).map((text) => [
    /^To: (.*)\r\n/m.exec(text)![1],
    [...text.matchAll(/^Final-Recipient: (.*)\r\n/gm)].map((match) => match[1]).join(),
  ]);
  assertEquals(reports.toSorted(), [
    ["list+no=one.test@example.test", "rfc822; no@one.test"],
    ["list+nor=one.test@example.test", "rfc822; nor@one.test"],
  ]);
  await assertInvariants(t.db.database);
});
