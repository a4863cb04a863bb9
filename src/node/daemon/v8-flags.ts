/**
 * V8 flags for a node. A node is busy for seconds while it catches up, then nearly idle for months, beside other
 * programs. V8 reads these flags whenever it uses them, so they can be set at runtime.
 */
import { setFlagsFromString } from 'node:v8'

/**
 * Limits the optimising compiler (docs/decisions/0018): within these seconds its work does not pay off, and it takes a
 * core from the node. The values are bytes of bytecode inlined into one function (V8's default: 920) and of one inlined
 * function (460); two costly passes with little gain are off.
 */
const COMPILER = [
  '--max-inlined-bytecode-size-cumulative=200',
  '--max-inlined-bytecode-size=60',
  '--no-turbo-splitting',
  '--no-turbo-loop-peeling',
]

/**
 * Garbage in percent of the live heap before V8 collects the whole heap. By default V8 lets the heap grow to up to four
 * times the live size (docs/decisions/0021).
 */
const GARBAGE = '--heap-growing-percent=200'

/** Applies to all threads of this process. */
export function setV8Flags(): void {
  for (const flag of [...COMPILER, GARBAGE]) setFlagsFromString(flag)
}
