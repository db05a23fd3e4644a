import { assertEquals } from "@std/assert";
import { authorizedUrl } from "./urlauth.ts";

const TOKEN = "01".repeat(33);

Deno.test("a URL is cut before the mechanism, and nothing else of it changes", () => {
  const bare = "imap://Joe%40Example.test@HOST/INBOX/;uid=20/;section=1.2";
  const url = `${bare};Expire=2026-12-31T23:59:59Z;urlauth=submit+fred%40example.test:internal:${TOKEN}`;
  assertEquals(authorizedUrl(url), {
    rump: `${bare};Expire=2026-12-31T23:59:59Z;urlauth=submit+fred%40example.test`,
    bare,
    expires: Date.UTC(2026, 11, 31, 23, 59, 59),
    access: { kind: "submit", user: "fred@example.test" },
    mechanism: "INTERNAL",
    token: TOKEN,
  });
});

Deno.test("a rump has neither mechanism nor token; without EXPIRE it never expires", () => {
  for (const kind of ["anonymous", "authuser"] as const) {
    const url = `imap://a@h/INBOX/;UID=1;URLAUTH=${kind}`;
    assertEquals(authorizedUrl(url), {
      rump: url,
      bare: "imap://a@h/INBOX/;UID=1",
      expires: Infinity,
      access: { kind },
      mechanism: undefined,
      token: undefined,
    });
  }
});

Deno.test("a date that is none is not taken for one", () => {
  const of = (date: string) => authorizedUrl(`imap://a@h/I/;UID=1;EXPIRE=${date};URLAUTH=authuser`)?.expires;
  assertEquals(of("2026-01-01T00:00:00.5+01:00"), Date.UTC(2025, 11, 31, 23, 0, 0, 500));
  assertEquals(of("2026-01-01t00:00:00z"), Date.UTC(2026, 0, 1));
  assertEquals(of("2026-13-01T00:00:00Z"), NaN);
  assertEquals(of("2026"), NaN);
});

Deno.test("what carries no authorization", () => {
  for (
    const url of [
      "",
      "imap://a@h/INBOX/;UID=1",
      "imap://a@h/INBOX/;UID=1;URLAUTH=",
      "imap://a@h/INBOX/;UID=1;URLAUTH=everybody",
      "imap://a@h/INBOX/;UID=1;URLAUTH=user+",
      "imap://a@h/INBOX/;UID=1;URLAUTH=user+%ff",
      `imap://a@h/INBOX/;UID=1;URLAUTH=authuser:INTERNAL:${"0".repeat(31)}`,
      `imap://a@h/INBOX/;UID=1;URLAUTH=authuser:INTERNAL:${TOKEN}/`,
      `imap://a@h/${"x".repeat(5000)}/;UID=1;URLAUTH=authuser`,
    ]
  ) assertEquals(authorizedUrl(url), undefined, url);
});
