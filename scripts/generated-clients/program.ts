import { Configuration, ErrorAnswerFromJSON, PushApi } from './index'

/** Pushes one value with the generated client: ORIGIN KEY VALUE DRY_RUN. Prints the outcome, or the status, code and places of an error. */
async function main (basePath: string, key: string, value: string, dryRun: string): Promise<string> {
  const api = new PushApi(new Configuration({ basePath, fetchApi: fetch, apiKey: key }))
  const record = { deviceId: 'meter-7', recordTime: '2021-09-08 18:40:00', data: { Ua: value } }
  try {
    const answer = await api.pushDeviceData({ push: { deviceType: '1', devices: [record] }, xDryRun: dryRun === 'true' })
    return answer.data
  } catch (response) {
    if (!(response instanceof Response)) throw response
    const { code, errors = [] } = ErrorAnswerFromJSON(await response.json())
    return [response.status, code, ...errors.map(({ path }) => path)].join(' ')
  }
}

declare const process: { argv: string[] }
const [, , origin = '', key = '', value = '', dryRun = ''] = process.argv
main(origin, key, value, dryRun).then(console.log)
