/** Every row of the table, in its order. */
import type { Row } from "../load.ts";
import { DELIVER } from "./deliver.ts";
import { IDLE } from "./idle.ts";
import { READ } from "./read.ts";
import { SEARCH } from "./search.ts";
import { SESSION } from "./session.ts";
import { WRITE } from "./write.ts";

export const ROWS: readonly Row[] = [...DELIVER, ...READ, ...WRITE, ...SEARCH, ...SESSION, ...IDLE];
