/**
 * Settings of V8's for a node: it works hard for seconds, when it catches up, and then runs all year, beside other programs
 * and hardly busy. V8 reads them each time it needs them, so that they may be set when the program runs.
 */
import { setFlagsFromString } from 'node:v8'

/**
 * The optimising compiler does less (docs/decisions/0018): what it spends in these seconds is not earned back, and it takes a
 * core from the work. Bytes of bytecode that are inlined into one function (V8's own limit is 920) and of one that is inlined
 * (460), and two passes that cost more than they bring here.
 */
const COMPILER = [
  '--max-inlined-bytecode-size-cumulative=200',
  '--max-inlined-bytecode-size=60',
  '--no-turbo-splitting',
  '--no-turbo-loop-peeling',
]

/**
 * Of what was alive in the heap, so much garbage in percent may gather before V8 looks at the whole of it. By itself it waits
 * until the heap is up to four times what was alive (docs/decisions/0021).
 */
const GARBAGE = '--heap-growing-percent=200'

/** For all threads of this process, from here on. */
export function setV8Flags(): void {
  for (const flag of [...COMPILER, GARBAGE]) setFlagsFromString(flag)
}
