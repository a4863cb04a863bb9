// The other end of the floor "echo": gives back what comes, on the unix socket named.
import { createServer } from 'node:net'

createServer((socket) => {
  socket.on('error', () => undefined)
  socket.pipe(socket)
}).listen(process.argv[2], () => process.stdout.write('ready\n'))
