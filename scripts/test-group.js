// Runs the test files of TEST_FILES in one process, one behind the other: its start costs more than most of them do.
import { pathToFileURL } from 'node:url'

for (const file of process.env.TEST_FILES.split(' ')) await import(pathToFileURL(file).href)
