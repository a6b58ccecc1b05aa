import { request } from 'undici'
import type { TestProxy } from './proxy.js'

/** Every sample by its name and labels, as they stand in the text. */
export async function scrape ({ adminOrigin }: Pick<TestProxy, 'adminOrigin'>): Promise<Map<string, number>> {
  const { statusCode, headers, body } = await request(`${adminOrigin}/metrics`)
  if (statusCode !== 200 || !/^text\/plain; version=0\.0\.4/.test(String(headers['content-type']))) throw new Error(`no metrics: ${statusCode}`)
  const lines = (await body.text()).split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return new Map(lines.map(line => [line.slice(0, line.lastIndexOf(' ')).replace('energy_expert_proxy_', ''), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

/** A number that is counted when an answer is out may be a moment late for whoever has it already. */
export async function scrapeUntil (proxy: Pick<TestProxy, 'adminOrigin'>, done: (samples: Map<string, number>) => boolean): Promise<Map<string, number>> {
  let samples = await scrape(proxy)
  for (let round = 0; round < 1000 && !done(samples); round += 1) {
    await new Promise(resolve => { setTimeout(resolve, 5) })
    samples = await scrape(proxy)
  }
  return samples
}
