import ipaddr from "ipaddr.js";
import { z } from "zod";

/** An address or a network in CIDR form. */
export const network: z.ZodType<string, string> = z.string().refine(
  (text) => ipaddr.isValidCIDR(text) || ipaddr.isValid(text),
  { error: "write an address or a network, e.g. 10.0.0.0/8 or ::1" },
);
