declare module "../core/events.ts" {
  interface Events {
    "node.start": { readonly version: string; readonly workers: number };
    "node.ready": { readonly ms: number };
    "node.stop": { readonly signal: string };
    "node.stopped": { readonly ms: number };
    /** A worker ended on its own; its connections are lost, another one takes its place. */
    "node.worker.died": { readonly worker: number; readonly error: string };
    "node.worker.started": { readonly worker: number };
    /** `ignored`: keys that only a restart changes. */
    "node.reload": { readonly ignored: string };
    /** The old settings stay. */
    "node.reload.failed": { readonly error: string };
    /** The embedded database ended on its own and is started again. */
    "node.database.died": Record<never, never>;
    "node.database.started": { readonly created: boolean; readonly ms: number };
    "node.certificate.selfsigned": { readonly file: string };
  }
}
export {};
