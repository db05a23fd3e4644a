/** The program's version, as ID, IMPLEMENTATION and `serve` say it. */
export const VERSION = "0.1.0";
/** The program's name. */
export const PRODUCT = "Malleposte";
