/** Two threads of a node must not give the same id: each starts from four random letters. */
const prefix = crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36).padStart(7, "0").slice(-4);
let count = 0;

/** An id for a connection: short, and unique on this node as far as four random letters go. */
export function nextId(): string {
  return `${prefix}${(++count).toString(36)}`;
}
