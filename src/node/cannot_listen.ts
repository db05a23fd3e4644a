/** What stands in the way of a listener, in a sentence. */

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there",
  EACCES: "not allowed; ports below 1024 need a right of their own (root, or CAP_NET_BIND_SERVICE)",
  EPERM: "not allowed",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "that host name is not known",
  ENOENT: "there is no such folder",
  EINVAL: "the system does not take that address",
};

/** An error that names the listener, its address and the reason. */
export function cannotListen(protocol: string, address: string, thrown: unknown): Error {
  const { code, message } = thrown as Error & { code?: string };
  const reason = address.startsWith("unix:") && code === "EACCES"
    ? "no right to make a socket there"
    : REASONS[code ?? ""] ?? message;
  return new Error(`Cannot listen for ${protocol} on ${address}: ${reason}`, { cause: thrown });
}
