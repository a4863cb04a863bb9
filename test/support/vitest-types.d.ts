// Vitest's own declarations name this type of `debug`, which ships without types; nothing here uses it.
declare module 'debug' {
  export type Debugger = (...values: unknown[]) => void
}
