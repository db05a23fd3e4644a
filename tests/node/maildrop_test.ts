/** Maildrops whose server or worker was killed while somebody had them. */
import { assertMatch } from "@std/assert";
import { LineClient } from "../support/line_client.ts";
import { PASSWORD, startServer, type TestServer } from "../support/server.ts";
import { until } from "./support.ts";

const SETTINGS = ["auth.allow_plaintext=true", "limits.exempt=[127.0.0.0/8]"];
const SCRIPT = new URL("../fault/mortal_server.ts", import.meta.url).pathname;
const ACCOUNT = "you@example.test";

/** Logs in; says what PASS was answered. */
async function login(server: TestServer): Promise<{ readonly client: LineClient; readonly answer: string }> {
  const client = await LineClient.connect(server.ports.pop3);
  await client.line(/^\+OK/);
  await client.exchange(`USER ${ACCOUNT}`, /^\+OK/);
  return { client, answer: await client.exchange(`PASS ${PASSWORD}`, /^[+-]/) };
}

Deno.test("a killed server's maildrops are free when it serves again, a killed worker's at once", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "malleposte-maildrop-" });
  const options = { folder, settings: SETTINGS, script: SCRIPT };
  {
    await using killed = await startServer({ ...options, accounts: [ACCOUNT] });
    const { client, answer } = await login(killed);
    assertMatch(answer, /^\+OK/);
    const other = await login(killed);
    assertMatch(other.answer, /^-ERR \[IN-USE\]/);
    killed.signal("SIGKILL");
    await killed.stop();
    await client[Symbol.asyncDispose]();
    await other.client[Symbol.asyncDispose]();
  }
  await using server = await startServer(options);
  const held = await login(server);
  await t.step("after kill -9 of the server", () => assertMatch(held.answer, /^\+OK/));
  await t.step("after the death of a worker", async () => {
    let gone = false;
    void held.client.rest().then(() => gone = true);
    // One of the two has the session; each signal ends the next of them.
    for (let kills = 0; !gone && kills < 2; kills++) {
      server.signal("SIGUSR2");
      await until(() => (server.output().match(/node\.worker\.died/g) ?? []).length > kills, "a worker died");
      await until(
        () => (server.output().match(/node\.worker\.started/g) ?? []).length > 2 + kills,
        "another is there",
      );
    }
    await until(() => gone, "its session is gone");
    let answer = "";
    // PostgreSQL hears of the end a moment later than we do.
    await until(
      async () => {
        const next = await login(server);
        await next.client[Symbol.asyncDispose]();
        return /^\+OK/.test(answer = next.answer);
      },
      "the maildrop is free",
      10_000,
    );
    assertMatch(answer, /^\+OK/);
  });
  await held.client[Symbol.asyncDispose]();
  await server.stop();
  await Deno.remove(folder, { recursive: true });
});
