/** The sink of bench/queue.ts, in a process of its own: says its port, then once a second what it got. */
import { listenSink } from "../tests/queue/sink.ts";

const sink = await listenSink();
console.log(JSON.stringify({ port: sink.port }));
setInterval(() => console.log(JSON.stringify({ messages: sink.messages, most: sink.most })), 100);
