/**
 * SIGUSR1 makes Node open a debugger on a local port, through which any user of the machine runs code in the process. An
 * entry point imports this file first, for its effect.
 */
process.on('SIGUSR1', () => undefined)

export {}
