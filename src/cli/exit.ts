/** Exit codes of all commands: done; refused, with one sentence on stderr; wrong usage or configuration. */
export const EXIT = { done: 0, refused: 1, usage: 2 } as const;
