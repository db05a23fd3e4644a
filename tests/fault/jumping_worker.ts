/** A worker like any other, but that a number on a channel sets its wall clock off by so many milliseconds. */
const real = Date.now;
let off = 0;
Date.now = () => real() + off;
new BroadcastChannel("clock").onmessage = (event: MessageEvent<number>) => off = event.data;

// Only now: what it imports shall see the clock above.
await import("../../src/node/worker.ts");
