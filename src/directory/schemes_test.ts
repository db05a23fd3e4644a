import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { deriveScramKeys } from "../sasl/mod.ts";
import { isCurrent, looksStored, parseStored } from "./schemes.ts";
import { verifyScheme } from "./verify.ts";

const PASSWORD = "pässwörd 1";

// Made with libxcrypt's crypt(3), `openssl passwd`, Python's hashlib; argon2 from the reference
// implementation's tests (phc-winner-argon2, test.c); SHA-crypt also from Drepper's specification.
const STORED: readonly (readonly [stored: string, password?: string])[] = [
  ["$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"],
  [
    "{ARGON2ID}$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    "password",
  ],
  [
    "{ARGON2I}$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
    "password",
  ],
  ["{BLF-CRYPT}$2b$05$abcdefghijklmnopqrstuu9zkq65eNjJ/pyWJYBzBge4LrMqMXEd6"],
  ["{BLF-CRYPT}$2y$04$abcdefghijklmnopqrstuuttEEnz76zm7MjVN//MHDv0G89wKAxhO"],
  ["$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i", "x".repeat(100)],
  [
    "{SHA512-CRYPT}$6$saltsalt1$upwORKQzZ9Qf1isdA6Hzj.h6pmEV451UZroV6jRTzIMHlhkZPI5XVubrI/ttM75q7WOSBZONAW/6do20vBH4j/",
  ],
  [
    "{CRYPT}$6$rounds=1234$saltsalt1saltsal$TqXjFscnvTQpJqy9kS/qCuC41Li8cz11dwiSrlUhZCyw63RB9BLCOqdbJrL3yvaP4RS6cyZHVzElhN7qJ0wNG/",
  ],
  ["$6$pepper$LYKgnZ7FX38dFM8/eiu0wq0lsiJY/7f.S/iJFk9WZhL2cvIpjx7sam.NyrmPcXu1fwFdbcwyZEWK631b/Y1bn0"],
  [
    "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
    "Hello world!",
  ],
  ["{SHA256-CRYPT}$5$pepper$SAO742q/M.3dq7GblYrzuxyHgbhBbozMEeeg0p6zvu2"],
  ["$5$abc$K5gKB0jF5XKqHu2xwla4tl1P7G5Xyt71RYxdvFfQ0Q4"],
  [
    "{SHA256-CRYPT}$5$rounds=1400$anotherlongsalts$u1CElcvxfRe/hGJVreAFSBT1biWzGYAyGObdCI4Fg0D",
    "x".repeat(100),
  ],
  ["{PBKDF2}$1$QnVoGZsALcmsPbpT$5000$a861932a38ffdb5185f129429865852a77025520"],
  ["$pbkdf2-sha256$1000$....c2FsdA$nNQB2kWfRcKhzJdqFRoW7tFFQZwvidGWAL2rf2RYInQ"],
  ["{SSHA}qMJGRvLQTATfh94g96i+OD3xk4VzYWx0"],
  ["{SSHA256}J7FrKqGyZ1tfJlBahJ0j2XQ6YTK/wqxbsLBvNGebPj9zYWx0"],
  ["{SSHA512}ORJ32tw/f2bmNffRQxvY2Njp4FZKMZNOJNj592TAIGR57N1gcRRGyPoXYqsYnDHmATs+Kuxlz774u7wwZBcCdXNhbHQ="],
  ["{SMD5}QD6up0vUtEPpSeKyn1ux2nNhbHQ="],
  ["{SHA}/Hrn08gEogcgvDjo5YNQSGibZVE="],
  ["{SHA256}UODX5JZHe18JVwv9yvMbAoeS719Y7fwn28vMuM/OHRU="],
  ["{sha256.hex}50e0d7e496477b5f09570bfdcaf31b028792ef5f58edfc27dbcbccb8cfce1d15"],
  ["{SHA512}MGrCWX/OaIyw5xBZ0RrM2vwe1YHoo2MD/NKt2+vkfLiudEOMnHxXTsVXCSooO5eehIdUJFylnTmr3TTyK23wMw=="],
  ["{LDAP-MD5}znS4ktpEGwD0thUjhyvGtA=="],
  ["{PLAIN-MD5}ce74b892da441b00f4b61523872bc6b4"],
  ["{PLAIN}pässwörd 1"],
  ["{CLEARTEXT}pässwörd 1"],
];

async function verify(stored: string, password: string): Promise<boolean> {
  const scheme = parseStored(stored);
  assert(scheme.ok, `${stored}: ${scheme.ok ? "" : scheme.failure.text}`);
  return await verifyScheme(scheme.value, new TextEncoder().encode(password));
}

for (const [stored, password = PASSWORD] of STORED) {
  Deno.test(`known hash: ${stored.slice(0, 32)}`, async () => {
    assert(looksStored(stored));
    assertEquals(await verify(stored, password), true);
    assertEquals(await verify(stored, "y" + password), false);
    assertEquals(await verify(stored, ""), false);
  });
}

Deno.test("Dovecot's SCRAM keys check a plain password too", async () => {
  // RFC 7677 §3: user `user`, password `pencil`.
  const salt = Uint8Array.fromBase64("W22ZaJ0SNY7soEsUEjb6gQ==");
  const keys = deriveScramKeys("pencil", salt, 4096, "SHA-256")!;
  assertEquals(keys.storedKey.toBase64(), "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=");
  const stored =
    `{SCRAM-SHA-256}4096,${salt.toBase64()},${keys.storedKey.toBase64()},${keys.serverKey.toBase64()}`;
  assertEquals(await verify(stored, "pencil"), true);
  assertEquals(await verify(stored, "pencils"), false);
});

Deno.test("broken, unknown and too expensive hashes are refused", () => {
  const wrong: readonly (readonly [string, string])[] = [
    ["", "no hash of a known form"],
    ["secret", "no hash of a known form"],
    ["{NTLM}abc", "NTLM is not supported"],
    ["{MD5}$1$salt$abc", "MD5-CRYPT is not supported"],
    ["$1$salt$abc", "$1$ is not supported"],
    ["{SSHA}/Hrn08gEogcgvDjo5YNQSGibZVE=", "broken"],
    ["{SHA}qMJGRvLQTATfh94g96i+OD3xk4VzYWx0", "broken"],
    ["{SHA512}not base64", "broken"],
    ["{PLAIN}", "empty"],
    ["{ARGON2ID}$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuA", "another scheme inside"],
    ["{BLF-CRYPT}$6$pepper$LYKgn", "broken"],
    ["$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuA", "older than version 19"],
    ["$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuA", "more work"],
    ["$argon2id$v=19$m=262144,t=5,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuA", "more work"],
    ["$argon2id$v=19$m=7,t=2,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuA", "broken"],
    ["$2b$15$abcdefghijklmnopqrstuu9zkq65eNjJ/pyWJYBzBge4LrMqMXEd6", "more work"],
    ["$2b$03$abcdefghijklmnopqrstuu9zkq65eNjJ/pyWJYBzBge4LrMqMXEd6", "broken"],
    [`$6$rounds=500001$salt$${"a".repeat(86)}`, "more work"],
    [`$6$salt$${"a".repeat(85)}`, "broken"],
    [`{PBKDF2}$1$salt$2000001$${"a".repeat(40)}`, "more work"],
    [`{PBKDF2}$1$salt$0$${"a".repeat(40)}`, "broken"],
    ["{SCRAM-SHA-256}4096,AAAA,AAAA,AAAA", "broken"],
    ["x".repeat(1025), "longer than"],
  ];
  for (const [stored, why] of wrong) {
    const scheme = parseStored(stored);
    assert(!scheme.ok, stored);
    assertStringIncludes(scheme.failure.text, why);
    assertEquals(isCurrent(stored), false);
  }
  assert(parseStored("$argon2id$v=19$m=262144,t=4,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuA").ok);
  assertEquals(isCurrent("$argon2id$v=19$m=19456,t=1,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuA"), false);
});

Deno.test("what looks like a password is none of the stored forms", () => {
  for (const text of ["secret", "$ecret", "{}", "{a b}x", "$$$"]) assertEquals(looksStored(text), false);
});
