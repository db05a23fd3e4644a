/** The part of JSR's `@std/assert` that the tests use, over node:assert: JSR cannot be reached everywhere. */
// The casts below: its types know `message` as missing or a string, not as undefined.
import assertModule from "node:assert/strict";

/** Fails unless `condition` is truthy. */
export function assert(condition: unknown, message?: string): asserts condition {
  assertModule.ok(condition, message as string);
}
/** Fails unless both are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  assertModule.deepStrictEqual(actual, expected, message as string);
}
/** Fails when both are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  assertModule.notDeepStrictEqual(actual, expected, message as string);
}
/** Fails unless both are the same value. */
export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  assertModule.strictEqual(actual, expected, message as string);
}
/** Fails unless `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  assertModule.ok(
    actual.includes(expected),
    message ?? `${JSON.stringify(actual)} lacks ${JSON.stringify(expected)}`,
  );
}
/** Fails unless `actual` matches. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  assertModule.match(actual, expected, message as string);
}
/** Fails on null and undefined. */
export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T> {
  assertModule.ok(actual !== null && actual !== undefined, message ?? "value is missing");
}
/** Fails unless `actual >= expected`. */
export function assertGreaterOrEqual(actual: number, expected: number, message?: string): void {
  assertModule.ok(actual >= expected, message ?? `${actual} is not >= ${expected}`);
}
/** Fails unless `actual <= expected`. */
export function assertLessOrEqual(actual: number, expected: number, message?: string): void {
  assertModule.ok(actual <= expected, message ?? `${actual} is not <= ${expected}`);
}
/** Fails unless `fn` throws; gives what it threw. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  type?: new (...args: any[]) => E,
  includes?: string,
): E {
  try {
    fn();
  } catch (thrown) {
    return checkThrown(thrown, type, includes);
  }
  throw new assertModule.AssertionError({ message: "nothing was thrown" });
}
/** Fails unless the promise rejects; gives what it rejected with. */
export async function assertRejects<E extends Error = Error>(
  fn: () => Promise<unknown>,
  type?: new (...args: any[]) => E,
  includes?: string,
): Promise<E> {
  try {
    await fn();
  } catch (thrown) {
    return checkThrown(thrown, type, includes);
  }
  throw new assertModule.AssertionError({ message: "nothing was rejected" });
}
/** Fails always. */
export function fail(message?: string): never {
  throw new assertModule.AssertionError({ message: message ?? "failed" });
}

function checkThrown<E extends Error>(
  thrown: unknown,
  type?: new (...args: any[]) => E,
  includes?: string,
): E {
  if (type !== undefined) assertModule.ok(thrown instanceof type, `${thrown} is not a ${type.name}`);
  if (includes !== undefined) assertStringIncludes(String(thrown), includes);
  return thrown as E;
}
