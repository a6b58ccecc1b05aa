import { systemClock } from '../../src/clock.js'
import { openQueueFile } from '../../src/queue/queue-file.js'

// A process that replays everything that is parked, as the queue command would, beside a proxy at work.
const file = openQueueFile(process.argv[2] ?? '', systemClock)
for (const { id } of file.listParked()) process.stdout.write(`${file.replay(id).laneSeq}\n`)
file.close()
