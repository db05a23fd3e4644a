import type { BlobId } from "../core/brands.ts";
import type { World } from "../core/world.ts";

/**
 * A new UUIDv7 (RFC 9562 §5.7): milliseconds first, so that rows of one time lie together in the index, then
 * 74 random bits.
 */
export function newBlobId(world: World): BlobId {
  const octets = world.random(16);
  const now = world.now();
  for (let i = 0; i < 6; i++) octets[i] = Math.floor(now / 2 ** (40 - 8 * i)) & 0xff;
  octets[6] = octets[6]! & 0x0f | 0x70;
  octets[8] = octets[8]! & 0x3f | 0x80;
  const hex = octets.toHex();
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${
    hex.slice(20)
  }` as BlobId;
}
