/** The HTTP listener: signs of life for those who run the server. */

/** What the pages show, asked each time. */
export interface StatusSource {
  /** Undefined when all is well; otherwise what is not, in a few words. */
  readonly trouble: () => Promise<string | undefined>;
  /** Prometheus's text format. */
  readonly metrics: () => Promise<string>;
}

/** A running HTTP listener. */
export interface HttpServer {
  /** `host:port`. */
  readonly address: string;
  /** Takes no more requests, finishes those that run, but waits for no slow client. */
  close(): Promise<void>;
}

/** How long a client may take to finish its request when we want to close. */
const CLOSE_MS = 1_000;

/** Listens on `hostname:port` and answers GET /healthz and GET /metrics. */
export function serveHttp(hostname: string, port: number, source: StatusSource): HttpServer {
  const server = Deno.serve({
    hostname,
    port,
    onListen: () => {},
    onError: () => text(500, "internal error"),
  }, (
    request,
  ) => answer(request, source));
  const { addr } = server;
  return {
    address: addr.hostname.includes(":")
      ? `[${addr.hostname}]:${addr.port}`
      : `${addr.hostname}:${addr.port}`,
    async close() {
      // The runtime waits for a request that never ends too, for ever, and cannot be told to stop waiting.
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, CLOSE_MS);
      await Promise.race([server.shutdown(), late.promise]);
      clearTimeout(timer);
    },
  };
}

async function answer(request: Request, source: StatusSource): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return text(405, "only GET is answered here", { allow: "GET, HEAD" });
  }
  switch (new URL(request.url).pathname) {
    case "/healthz": {
      const trouble = await source.trouble();
      return trouble === undefined ? text(200, "ok") : text(503, trouble);
    }
    case "/metrics":
      return new Response(await source.metrics(), {
        headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
      });
    default:
      return text(404, "here are /healthz and /metrics");
  }
}

function text(status: number, body: string, headers: Record<string, string> = {}): Response {
  return new Response(`${body}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff", ...headers },
  });
}
