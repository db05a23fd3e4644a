/**
 * PostgreSQL's protocol (version 3.0) without anybody's driver: binary both ways, octets as views on the read
 * buffer, named prepared statements, many transactions in flight on a connection.
 */
export { type DoorOptions, openDoor } from "./door.ts";
export { settlePrefer } from "./prefer.ts";
