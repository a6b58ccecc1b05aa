// Whether the suite really met what it promises: `npm run test:seen RECORDING`. In what it sent and was answered, recorded with
// RECORD_EXCHANGES=FILE, stand every code of the catalogue and every status that a push has in openapi/openapi.json.
import { readFileSync } from 'node:fs'
import { CATALOGUE } from '../dist/src/errors.js'

const PUSH_PATH = '/api/v1/data/increment/push'
/** Codes that no recorded exchange can hold, each with its reason. */
const UNSEEN_CODES = {
  InvalidToken: 'of the admin port, whose answers are in no contract; test/http/admin.test.ts',
  MisdirectedRequest: 'of the admin port; test/http/admin.test.ts',
  'Cloud.Refused': 'stands for codes of Energy Expert\'s own; the status 4XX below looks for one of them'
}

const [recording] = process.argv.slice(2)
if (recording === undefined) throw new Error('Name the recording: RECORD_EXCHANGES=FILE npm test, then npm run test:seen FILE.')
const { paths } = JSON.parse(readFileSync(new URL('../openapi/openapi.json', import.meta.url), 'utf8'))
const answers = readFileSync(recording, 'utf8').split('\n').filter(line => line !== '').map(line => JSON.parse(line)).map(({ method, target, answer }) => ({
  isOfPush: method === 'POST' && target?.split('?')[0] === PUSH_PATH,
  statusCode: answer.statusCode,
  code: answer.statusCode < 400 ? undefined : JSON.parse(answer.body).code
}))

const codes = new Set(answers.map(({ code }) => code))
const isClouds = ({ statusCode, code }) => statusCode >= 400 && statusCode < 500 && !Object.hasOwn(CATALOGUE, code)
const isSeen = status => answers.some(answer => answer.isOfPush && (status === '4XX' ? isClouds(answer) : String(answer.statusCode) === status))

const missing = [
  ...Object.keys(CATALOGUE).filter(code => !codes.has(code) && !Object.hasOwn(UNSEEN_CODES, code)).map(code => `the code ${code}`),
  ...Object.keys(paths[PUSH_PATH].post.responses).filter(status => !isSeen(status)).map(status => `the status ${status} of a push`),
  ...Object.keys(UNSEEN_CODES).filter(code => !Object.hasOwn(CATALOGUE, code) || (codes.has(code) && code !== 'Cloud.Refused')).map(code => `a reason to list ${code} as unseen`)
]
process.stdout.write(`${answers.length} answers of the suite bear ${codes.size - 1} codes; ${missing.length} promises are missing\n`)
for (const what of missing) process.stdout.write(`  no test saw ${what}\n`)
if (missing.length > 0) process.exitCode = 1
