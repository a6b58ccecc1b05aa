#!/usr/bin/env node
import { runProgram } from './commands/program.js'

const exitCode = await runProgram(process.argv.slice(2), process)
// A command may have set a code of its own; the process ends once its output is written.
if (exitCode !== 0) process.exitCode = exitCode
