/** The configuration: one schema, read from YAML and `--set`. */
export { ConfigError, type ConfigSource, loadConfig, parseConfig } from "./load.ts";
export { type Config, configSchema, type Protocol, PROTOCOLS } from "./schema.ts";
export { writtenForm } from "./written.ts";
