/** Searches that a session can answer from its view alone, without asking the store. */
import type { SearchKey } from "../../core/search.ts";
import { inSet } from "../../core/uidset.ts";
import type { Mirror } from "../mirror.ts";

/** Answers for the message with a UID, at a position of the mirror's columns. */
export type Test = (uid: number, index: number) => boolean;

/** The test for a key; undefined when it needs more than UIDs, flags and mod-sequences. */
export function localTest(key: SearchKey, mirror: Mirror): Test | undefined {
  switch (key.key) {
    case "all":
      return () => true;
    case "and":
    case "or": {
      const tests: Test[] = [];
      for (const of of key.of) {
        const test = localTest(of, mirror);
        if (test === undefined) return undefined;
        tests.push(test);
      }
      return key.key === "and"
        ? (uid, index) => tests.every((test) => test(uid, index))
        : (uid, index) => tests.some((test) => test(uid, index));
    }
    case "not": {
      const test = localTest(key.of, mirror);
      return test && ((uid, index) => !test(uid, index));
    }
    case "flag":
      return (_uid, index) => ((mirror.flagsAt(index) & key.flag) !== 0) === key.set;
    case "keyword": {
      const name = key.name.toLowerCase();
      const number = mirror.info.keywords.findIndex((known) => known.toLowerCase() === name);
      return (uid) => mirror.keywordsOf(uid).includes(number) === key.set;
    }
    case "uid":
      return (uid) => inSet(key.set, uid);
    case "modseq":
      return (_uid, index) => mirror.modSeqAt(index) >= key.atLeast;
    case "annotation":
    case "message":
    case "header":
    case "body":
    case "text":
    case "date":
    case "age":
    case "size":
      return undefined;
    default:
      return key satisfies never;
  }
}
